import { createHash } from "node:crypto";

/** On the Secret with the token file: who may do what, and until when. */
export const tokensAnnotation = "mlflow-instances/tokens";

/** One value of a token, as messages and policies may know it. */
export interface TokenValue {
  readonly name: string;
  readonly role: string;
  readonly generation: number;
  /** Day on which the value was made; undefined for those of before 2026-12. */
  readonly created: string | undefined;
  /** Its last day. */
  readonly expires: string;
}

/** One entry of the file that the server reads; the generations of one token share its name. */
export interface TokenEntry extends TokenValue {
  /** The token's text, as its holder sends it. */
  readonly text: string;
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
export function tokenFile(entries: readonly TokenEntry[]): string {
  const tokens = sorted(entries).map(({ text, ...value }) => ({
    ...value,
    sha256: createHash("sha256").update(text, "utf8").digest("hex"),
  }));
  return JSON.stringify({ version: 1, tokens });
}

/** MLflow's credentials file (INI): the client reads it before each request. */
export const credentialsFile = (user: string, text: string): string =>
  `[mlflow]\nmlflow_tracking_username = ${user}\nmlflow_tracking_password = ${text}\n`;

/**
 * The text of the annotation: the file without its hashes, which a preview can't know as soon as one
 * token is new.
 */
export const tokensInPlain = (values: readonly TokenValue[]): string =>
  JSON.stringify(sorted(values));

const sorted = <T extends TokenValue>(values: readonly T[]): T[] =>
  [...values].sort((a, b) =>
    a.name === b.name ? b.generation - a.generation : a.name < b.name ? -1 : 1,
  );
