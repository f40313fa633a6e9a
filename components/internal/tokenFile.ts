import type { AccessToken } from "../mlflowInstanceArgs.ts";
import { createHash } from "node:crypto";

/** On the Secret with the token file: who may do what, and until when. */
export const tokensAnnotation = "mlflow-instances/tokens";

/**
 * One entry of the file that the server reads; several may share a name (generations of one token).
 */
export interface TokenEntry {
  name: string;
  role: string;
  /** The token's text, as its holder sends it. */
  text: string;
  expires: string;
}

/** Characters that are random in a token: 40 of 62 possible ones are 238 bits. */
export const tokenRandomLength = 40;

/** The prefix lets secret scanners find a leaked token: `mlf_[A-Za-z0-9]{40}`. */
export function tokenText(random: string): string {
  return `mlf_${random}`;
}

/**
 * The file's content: hashes only. A plain SHA-256 is enough, because the text has 238 random bits;
 * a slow hash would only slow down every request. Sorted, so that the order of declaration changes
 * nothing.
 */
export function tokenFile(entries: TokenEntry[]): string {
  const tokens = entries
    .map(({ name, role, text, expires }) => ({
      name,
      role,
      sha256: createHash("sha256").update(text, "utf8").digest("hex"),
      expires,
    }))
    .sort((a, b) => (`${a.name} ${a.sha256}` < `${b.name} ${b.sha256}` ? -1 : 1));
  return JSON.stringify({ version: 1, tokens });
}

/**
 * What the annotation says; the file itself is unknown in a preview as soon as one token is new,
 * and its rules are wanted before.
 */
export function tokensInPlain(tokens: readonly AccessToken[]): string {
  const sorted = [...tokens].sort((a, b) => (a.name < b.name ? -1 : 1));
  return JSON.stringify(
    Object.fromEntries(sorted.map(({ name, role, expires }) => [name, { role, expires }])),
  );
}
