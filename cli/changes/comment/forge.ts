import { Refusal } from "../../refusal.ts";

/** A text on a forge: a comment, or an issue. */
export interface Text {
  /** What the forge calls it by. */
  readonly id: string;
  readonly author: string;
  readonly body: string;
}

/** What a pipeline needs of the place where pull requests (merge requests) and issues are. */
export interface Forge {
  readonly name: string;
  /** The most characters that one text may have. */
  readonly limit: number;
  /** Where the output of this job can be read. */
  readonly jobUrl: string | undefined;
  /** The pull request that this job runs for. */
  readonly pullRequest: number | undefined;
  /** Who the token speaks for, as `author` says it. */
  self(): Promise<string>;
  comments(pullRequest: number): AsyncIterable<Text>;
  addComment(pullRequest: number, body: string): Promise<void>;
  updateComment(pullRequest: number, id: string, body: string): Promise<void>;
  openIssues(): AsyncIterable<Text>;
  addIssue(title: string, body: string): Promise<void>;
  updateIssue(
    id: string,
    change: { readonly body: string; readonly close?: boolean },
  ): Promise<void>;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface ForgeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export function needed(env: Variables, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Refusal(`${name} is not set: ${what}`);
  return value;
}

/** A number that a pull request can have. */
export function pullRequestNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0
    ? number
    : undefined;
}
