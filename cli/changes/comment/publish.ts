import { failure, Refusal } from "../../refusal.ts";
import { fit } from "./fit.ts";
import type { Forge, Text } from "./forge.ts";
import { Uncertain } from "./http.ts";

export type Outcome = "written" | "updated" | "unchanged" | "closed" | "absent";

/** The hidden first line by which a text is found again. */
export function marker(kind: "preview" | "drift" | "review-environment", name: string): string {
  if (!/^[\w.-]+$/.test(name)) throw new Refusal(`${name}: not a name that a stack can have`);
  return `<!-- mlflow-instances ${kind} ${name} -->`;
}

/**
 * One comment per marker on a pull request: made once, then changed in place. `keepAbsent`: only if
 * it is there already.
 */
export function putComment(
  forge: Forge,
  pullRequest: number,
  mark: string,
  page: string,
  { keepAbsent = false }: { keepAbsent?: boolean } = {},
): Promise<Outcome> {
  const body = bodyOf(forge, mark, page);
  return certainly(async () => {
    const found = await find(forge, forge.comments(pullRequest), mark);
    if (found === undefined) {
      if (keepAbsent) return "absent";
      await forge.addComment(pullRequest, body);
      return "written";
    }
    if (same(found.body, body)) return "unchanged";
    await forge.updateComment(pullRequest, found.id, body);
    return "updated";
  });
}

/** One open issue per marker, changed in place. */
export function putIssue(
  forge: Forge,
  mark: string,
  title: string,
  page: string,
): Promise<Outcome> {
  const body = bodyOf(forge, mark, page);
  return certainly(async () => {
    const found = await find(forge, forge.openIssues(), mark);
    if (found === undefined) {
      await forge.addIssue(title, body);
      return "written";
    }
    if (same(found.body, body)) return "unchanged";
    await forge.updateIssue(found.id, { body });
    return "updated";
  });
}

/** Closes the issue of the marker, if there is one open, with a last page. */
export async function closeIssue(forge: Forge, mark: string, page: string): Promise<Outcome> {
  const found = await find(forge, forge.openIssues(), mark);
  if (found === undefined) return "absent";
  await forge.updateIssue(found.id, { body: bodyOf(forge, mark, page), close: true });
  return "closed";
}

const bodyOf = (forge: Forge, mark: string, page: string): string =>
  `${mark}\n${fit(page.trimEnd(), forge.limit - mark.length - 1, forge.jobUrl)}`;

/**
 * Our own only: every author may write the marker, and the text of another author can't or must not
 * be changed.
 */
async function find(
  forge: Forge,
  texts: AsyncIterable<Text>,
  mark: string,
): Promise<Text | undefined> {
  const self = await forge.self();
  for await (const text of texts) {
    if (text.author === self && text.body.split("\n", 1)[0]?.trimEnd() === mark) return text;
  }
  return undefined;
}

// Forges give line ends back their own way.
const same = (one: string, other: string): boolean => normal(one) === normal(other);
const normal = (text: string): string => text.replaceAll("\r\n", "\n").trimEnd();

/**
 * After an answer that leaves open whether the text was made, looks again instead of making it
 * twice.
 */
async function certainly(work: () => Promise<Outcome>): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Uncertain)) throw error;
      if (attempt === 3) throw failure(error.message);
    }
  }
}
