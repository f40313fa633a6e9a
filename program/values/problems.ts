import { z } from "zod";
import { suggestion } from "./nearest.ts";
import { show } from "./wrongValue.ts";

/** One thing that is wrong in an input, at a path inside it. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

// A key that looks like a credential gets a hint of its own: the likely mistake is a secret that
// someone is about to commit.
const secretKey =
  /pass(word|wd|phrase)?$|secret(?!Name)|private_?key|^token$|credential|api_?key|access_?key$/i;

/** Whether a key of a plain file or plain config looks as if its value were a secret. */
export const looksSecret = (key: string): boolean => secretKey.test(key);

/** Message on a key that is not one of the known ones; never the value. */
export const unknownKey = (key: string, known: readonly string[]): string =>
  `unknown key; ${suggestion(key, known)}known here: ${known.join(", ")}`;

/**
 * A strict object that names each unknown key and the known ones, and the required ones where there
 * is nothing at all.
 */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      // One issue for all of them: a line each, which `check` takes apart.
      if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => unknownKey(key, known)).join("\n");
      if (issue.code !== "invalid_type" || issue.input !== null) return undefined;
      const required = known.filter((key) => !z.safeParse(shape[key], undefined).success);
      return `is empty; ${required.length > 0 ? `required keys: ${required.join(", ")}` : `known keys: ${known.join(", ")}`}`;
    },
  });
}

const kindOf = (value: unknown) =>
  value === null
    ? "nothing"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "a mapping"
        : `the ${typeof value} ${show(value)}`;
const nounOf: Record<string, string> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

// The words for what zod finds by itself; a schema's own `error` comes first.
const words: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_type") {
    if (issue.input === undefined) return "is missing";
    return `expected ${nounOf[issue.expected] ?? issue.expected}, got ${kindOf(issue.input)}`;
  }
  if (issue.code === "invalid_value") {
    if (issue.input === undefined) return `is missing; one of ${issue.values.join(", ")}`;
    return `is ${show(issue.input)}, not one of ${issue.values.join(", ")}`;
  }
  if (issue.code === "too_small")
    return issue.origin === "number"
      ? `is ${show(issue.input)}, less than ${issue.minimum}`
      : "is empty";
  if (issue.code === "too_big" && issue.origin === "number")
    return `is ${show(issue.input)}, more than ${issue.maximum}`;
  if (issue.code === "invalid_union" && "discriminator" in issue) {
    const given = (issue.input as Record<string, unknown> | undefined)?.[
      String(issue.discriminator)
    ];
    const options = (issue as { options?: unknown[] }).options?.join(", ");
    const known = options ? `; one of ${options}` : "";
    return given === undefined
      ? `is missing${known}`
      : `is ${show(given)}${known && `, not${known.slice(1)}`}`;
  }
  return undefined;
};

/** Parses; gives either the data or every problem, each with its own path. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): { data?: z.output<Schema>; problems: Problem[] } {
  const result = schema.safeParse(input, { error: words });
  if (result.success) return { data: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    const messages = issue.message.split("\n");
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      message: looksSecret(key)
        ? "looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here"
        : (messages[index] ?? issue.message),
    }));
  });
  return { problems };
}

/** `platform.postgresql.host`, the form in which a path is shown. */
export const showPath = (path: readonly (string | number)[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
    "",
  );
