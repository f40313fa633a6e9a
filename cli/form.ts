import type { Command } from "commander";
import { showPath, type Problem } from "../program/values/problems.ts";
import { refusalOf } from "./refusal.ts";
import type { Asker } from "./questions.ts";

/**
 * Answers by the name of their flag: `database-host` for `--database-host`. What was not answered
 * is not there.
 */
export type Answers = Readonly<Record<string, string>>;

type Path = readonly string[];

/** One value of a file that a command writes. */
export interface Field {
  /** As commander takes it: `--database-host <host>`. Several values are separated by commas. */
  readonly flag: string;
  /** An argument of the command and no flag. */
  readonly argument?: boolean;
  /** The question; also the flag's description. */
  readonly question: string;
  /** Where the value goes; nowhere for an answer that only decides about other questions. */
  readonly path?: Path | ((answer: string, answers: Answers) => Path);
  /** What is written there. Default: the answer's text. */
  readonly value?: (answer: string) => unknown;
  /** Whether this is asked at all. Default: always. */
  readonly applies?: (answers: Answers) => boolean;
  /**
   * Taken without a question where the flag is not given; with `asked`, what a terminal's question
   * suggests.
   */
  readonly fallback?: (answers: Answers) => string | undefined;
  readonly asked?: boolean;
  /** Left out without a question where the flag is not given. */
  readonly optional?: boolean;
  readonly choices?: (answers: Answers) => readonly string[] | undefined;
  /** Any number of the choices. */
  readonly several?: boolean;
  /** What the file's own check can't see, such as a file that is not there. */
  readonly problem?: (answer: string, answers: Answers) => string | undefined;
}

/** A field as it is typed, for messages. */
const labelOf = (field: Field): string =>
  field.argument ? `<${nameOf(field)}>` : `--${nameOf(field)}`;

export const nameOf = ({ flag }: Field): string => flag.slice(2).split(" ", 1)[0]!;

/** A flag for each field; the values come with the fields' names. */
export function addOptions(command: Command, fields: readonly Field[]): void {
  for (const field of fields) command.option(field.flag, field.question);
}

/** Commander's values, by names in camel case. */
export type Options = Readonly<Record<string, string | undefined>>;

/** Commander's values, by the flags' own names. */
export const givenOf = (fields: readonly Field[], options: Options): Answers =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const name = nameOf(field);
      const value =
        options[name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
      return value === undefined ? [] : [[name, value]];
    }),
  );

export const listOf = (answer: string): string[] =>
  answer.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));

/** What is wrong in the values that answers make; some may be missing yet. */
type Check = (values: unknown, answers: Answers) => readonly Problem[];

/**
 * The answers that are not given yet, from the asker; without one, an error that names them all.
 */
export async function fill(
  fields: readonly Field[],
  given: Answers,
  asker: Asker | undefined,
  check: Check,
): Promise<Answers> {
  const answers: Record<string, string> = {};
  const missing: string[] = [];
  const wrong: string[] = [];
  const useless: string[] = [];
  for (const field of fields) {
    const name = nameOf(field);
    if (field.applies?.(answers) === false) {
      if (given[name] !== undefined)
        useless.push(`--${name}: has no meaning beside the other values; leave it out`);
      continue;
    }
    const known = given[name] ?? (field.asked && asker ? undefined : field.fallback?.(answers));
    const answer =
      known ??
      (field.optional
        ? undefined
        : asker &&
          (await ask(field, answers, asker, (values) => problemsOf(field, fields, values, check))));
    if (answer !== undefined) {
      const problem = known === undefined ? undefined : problemOf(field, answer, answers);
      if (problem !== undefined) wrong.push(`${labelOf(field)}: ${problem}`);
      answers[name] = answer;
    } else if (!field.optional) missing.push(describe(field, answers));
  }
  // Whether a value has a meaning is not known before what it depends on is.
  const lines = [...missing, ...wrong, ...(missing.length > 0 ? [] : useless)];
  if (lines.length === 0) return answers;
  const title =
    missing.length === 0
      ? "Wrong values"
      : "Values are missing that have no good default (on a terminal they are asked for)";
  throw refusalOf(`${title}; nothing was written:`, lines);
}

const describe = (field: Field, answers: Answers): string => {
  const choices = field.choices?.(answers);
  return `${field.argument ? labelOf(field) : field.flag}: ${field.question}${choices === undefined ? "" : ` (${field.several ? "any of" : "one of"} ${choices.join(", ")})`}`;
};

function problemOf(field: Field, answer: string, answers: Answers): string | undefined {
  const choices = field.choices?.(answers);
  const unknown =
    choices === undefined
      ? []
      : (field.several ? listOf(answer) : [answer]).filter((each) => !choices.includes(each));
  if (unknown.length > 0) return `${unknown.join(", ")} is not one of ${choices!.join(", ")}`;
  return field.problem?.(answer, answers);
}

async function ask(
  field: Field,
  answers: Answers,
  asker: Asker,
  wrong: (answers: Answers) => string | undefined,
): Promise<string> {
  const [choices, suggestion] = [field.choices?.(answers), field.fallback?.(answers)];
  if (choices !== undefined && choices.length > 0) {
    return field.several
      ? (await asker.chooseSome(field.question, choices)).join(",")
      : asker.choose(field.question, choices, suggestion);
  }
  const problem = (text: string): string | undefined =>
    text === ""
      ? "is empty"
      : (field.problem?.(text, answers) ?? wrong({ ...answers, [nameOf(field)]: text }));
  return asker.text(field.question, { suggestion, problem });
}

// What the file's own check says of this value; what is missing besides is for later questions.
function problemsOf(
  field: Field,
  fields: readonly Field[],
  answers: Answers,
  check: Check,
): string | undefined {
  const path = pathOf(field, answers[nameOf(field)]!, answers);
  if (path === undefined) return undefined;
  return check(valuesOf(fields, answers), answers).find((problem) =>
    path.every((part, index) => problem.path[index] === part),
  )?.message;
}

const pathOf = ({ path }: Field, answer: string, answers: Answers): Path | undefined =>
  typeof path === "function" ? path(answer, answers) : path;

/** The values that the answers make, in the order of the fields. */
export function valuesOf(fields: readonly Field[], answers: Answers): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const answer = answers[nameOf(field)];
    const path = answer === undefined ? undefined : pathOf(field, answer, answers);
    if (answer === undefined || path === undefined) continue;
    const value = field.value === undefined ? answer : field.value(answer);
    if (value !== undefined) put(values, path, value);
  }
  return values;
}

function put(values: Record<string, unknown>, [first, ...rest]: Path, value: unknown): void {
  if (first === undefined) return;
  if (rest.length === 0) values[first] = value;
  else put((values[first] ??= {}) as Record<string, unknown>, rest, value);
}

/** A problem in the values, said of the flag that the value came from. */
export function sayProblem(
  fields: readonly Field[],
  answers: Answers,
  { path, message }: Problem,
): string {
  const fits = (field: Field): number => {
    const own =
      answers[nameOf(field)] === undefined
        ? undefined
        : pathOf(field, answers[nameOf(field)]!, answers);
    return own !== undefined && own.length > 0 && own.every((part, index) => path[index] === part)
      ? own.length
      : 0;
  };
  const best = fields.toSorted((a, b) => fits(b) - fits(a))[0];
  const shown = showPath(path);
  if (best === undefined || fits(best) === 0)
    return shown === "" ? message : `${shown}: ${message}`;
  return `--${nameOf(best)} (${shown}): ${message}`;
}
