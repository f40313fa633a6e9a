/** What gives a secret away in a text, with the words for it. */
const shapes: readonly (readonly [RegExp, string])[] = [
  // `$(NAME)` and `${NAME}` stand for a variable, which may come from a Secret.
  [
    /[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:(?!\$[({][A-Za-z_][A-Za-z0-9_]*[)}]@)[^\s@/]+@/i,
    "an address with a password",
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, "an access key of AWS"],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/, "a signed token (JWT)"],
  [/\bBearer\s+[\w.~+/-]{16,}/i, "a bearer token"],
  [/\bBasic\s+[A-Za-z0-9+/]{12,}={0,2}/, "a login for HTTP"],
  [/\bmlf_[A-Za-z0-9]{40}\b/, "an access token of an instance"],
];

const name =
  /(password|passwd|passphrase|(^|[^a-z])(secret|token|api[-_]?key|access[-_]?key([-_]?id)?|secret[-_]?key|private[-_]?key|credentials?))$/i;

/** Whether something of this name should hold no text: `DB_PASSWORD`, and not `TOKENS_FILE`. */
const isSecretName = (text: string): boolean =>
  name.test(text.replace(/([a-z0-9])([A-Z])/g, "$1_$2"));

// A reference to a variable, a path, a switch or a number is no secret.
const harmless = /^(|\$[({][A-Za-z_][A-Za-z0-9_]*[)}]|\.{0,2}\/\S*|true|false|null|none|[0-9]+)$/i;

/** What secret a text holds, in words without the text; undefined where none is seen. */
export function secretIn(text: string, label?: string): string | undefined {
  const found = shapes.find(([shape]) => shape.test(text));
  if (found !== undefined) return found[1];
  return label !== undefined && isSecretName(label) && !harmless.test(text.trim())
    ? "a secret by its name"
    : undefined;
}

/** The same for a file of settings, whose lines have names of their own. */
export function secretInFile(text: string, label: string): string | undefined {
  const found = secretIn(text, label);
  if (found !== undefined) return found;
  for (const line of text.split("\n")) {
    const [, key, value] = /^\s*["']?([\w.-]+)["']?\s*[:=]\s*["']?([^"'\s,]*)/.exec(line) ?? [];
    if (key !== undefined && secretIn(value ?? "", key) !== undefined)
      return `a secret by its name (${key})`;
  }
  return undefined;
}
