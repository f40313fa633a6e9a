import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Asker } from "../../../../cli/questions.ts";
import { fixtureRoot, fixtureStacks, fixtureToday } from "../../../support/fixtureStacks.ts";
import { typed } from "./typed.ts";

/** Today in every test. */
export const today = fixtureToday;

/** A project of the test's own, with copies of the fixtures' files or with texts. */
export function project(files: Record<string, string> = {}): Project {
  const root = mkdtempSync(join(tmpdir(), "authoring-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "stacks"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  return {
    root,
    write,
    read: (path) =>
      existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined,
    files: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        .sort(),
  };
}

interface Project {
  readonly root: string;
  readonly write: (path: string, text: string) => void;
  readonly read: (path: string) => string | undefined;
  readonly files: () => string[];
}

/** The stack files and policies of the fixtures, with none or some of their instance files. */
export function ofFixtures(...instances: string[]): Record<string, string> {
  const paths = fixtureStacks.map((stack) => `stacks/Pulumi.${stack}.yaml`);
  const all = [
    ...paths,
    "stacks/policies.json",
    ...instances.map((instance) => `stacks/instances/${instance}.yaml`),
  ];
  return Object.fromEntries(
    all.map((path) => [path, readFileSync(join(fixtureRoot, path), "utf8")]),
  );
}

export interface Answer {
  readonly output: string;
  /** What the command refused with; undefined when it did its work. */
  readonly refused: string | undefined;
}

/** Types a command line; without an asker there is no terminal. */
export async function type(
  { root }: Pick<Project, "root">,
  line: readonly string[],
  {
    asker,
    env = { HOME: "/home/of-nobody" },
  }: { asker?: Asker; env?: Record<string, string> } = {},
): Promise<Answer> {
  try {
    const { code, out, notes } = await typed(root, line, { asker, env, today });
    return { output: out, refused: code === 0 ? undefined : notes.trimEnd() };
  } catch (error) {
    // An asker that was not prepared for a question.
    return { output: "", refused: (error as Error).message };
  }
}

/** `{ "database-host": "…" }` as arguments. */
export const flags = (values: Record<string, string>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);

export interface Scripted extends Asker {
  /** The questions in their order, each with what was said of it. */
  readonly asked: {
    readonly question: string;
    readonly choices?: readonly string[];
    readonly suggestion?: string | undefined;
  }[];
  /** What was wrong with an answer; the next one in line was then tried. */
  readonly refused: string[];
}

/**
 * Somebody who answers by the beginning of the question. Several answers are given one after the
 * other, until one is taken.
 */
export function scripted(
  answers: Readonly<Record<string, string | boolean | readonly string[]>>,
): Scripted {
  const asked: Scripted["asked"] = [];
  const refused: string[] = [];
  const answerTo = (question: string): string | boolean | readonly string[] => {
    const key = Object.keys(answers).find((beginning) => question.startsWith(beginning));
    if (key === undefined) throw new Error(`nobody expected the question: ${question}`);
    return answers[key]!;
  };
  return {
    asked,
    refused,
    async text(question, { suggestion, problem }) {
      asked.push({ question, suggestion });
      for (const answer of [answerTo(question)].flat()) {
        const wrong = problem(String(answer));
        if (wrong === undefined) return String(answer);
        refused.push(`${question.split(/[:,]/, 1)[0]}: ${wrong}`);
      }
      throw new Error(`no answer to "${question}" was taken: ${refused.join("; ")}`);
    },
    async choose(question, choices, suggestion) {
      asked.push({ question, choices, suggestion });
      const answer = String(answerTo(question));
      if (!choices.includes(answer))
        throw new Error(`${answer} is not offered for "${question}": ${choices.join(", ")}`);
      return answer;
    },
    async chooseSome(question, choices) {
      asked.push({ question, choices });
      return [answerTo(question)].flat().map(String);
    },
    async confirm(question) {
      asked.push({ question });
      return answerTo(question) === true;
    },
  };
}
