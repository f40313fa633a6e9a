import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programFor } from "../../../../../../cli/program.ts";
import { verbs } from "../../../../../../cli/verbs.ts";
import config from "../../../../../../vitest.config.ts";
import { contextOf } from "../../../support/typed.ts";

export const root = join(import.meta.dirname, "../../../../../..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

const testsOfTheImage = "images/tracking-server/run-tests.sh";
/** The kinds of tests that vitest knows. */
export const projects = (
  config as { test: { projects: { test: { name: string } }[] } }
).test.projects.map(({ test }) => test.name);

const word = /^(?:[\w./-]+|"\$[A-Z][A-Z0-9_]*")$/;

/**
 * What is wrong in a line of a job: it may be `npm ci`, an npm script without arguments, one kind of
 * tests, or a verb with plain words and quoted variables, which the verb understands.
 */
export async function problemsInLine(
  line: string,
  known: (variable: string) => boolean,
): Promise<string[]> {
  if (line === "npm ci" || line === testsOfTheImage) return [];
  const [, project] = /^npx vitest run --project (\w+|"\$KIND")$/.exec(line) ?? [];
  if (project !== undefined)
    return project === '"$KIND"' || projects.includes(project)
      ? []
      : [`there are no tests of kind ${project}`];
  const [, script] = /^npm run ([\w-]+)$/.exec(line) ?? [];
  if (script !== undefined) return isTask(script) ? [] : [`there is no npm script ${script}`];
  const [, verb, args = ""] = /^npx mlflow-instances ([\w-]+)(?: (.*))?$/.exec(line) ?? [];
  if (verb === undefined) return [`\`${line}\` is not \`npm ci\`, no npm script and no verb`];
  if (!verbs.some(({ name }) => name === verb)) return [`there is no verb ${verb}`];
  const words = args.split(" ").filter((each) => each !== "");
  const odd = words.filter((each) => !word.test(each));
  if (odd.length > 0)
    return odd.map((each) => `\`${line}\`: ${each} is neither a plain word nor a quoted variable`);
  const unset = words
    .filter((each) => each.startsWith('"$'))
    .filter((each) => !known(each.slice(2, -1)));
  if (unset.length > 0) return unset.map((each) => `\`${line}\`: nothing sets ${each}`);
  const refused = await refusal([
    verb,
    ...words.map((each) => (each.startsWith('"$') ? "12" : each)),
  ]);
  return refused === undefined ? [] : [`\`${line}\`: ${refused}`];
}

/** The former names of verbs only say what is typed now. */
const isTask = (script: string): boolean =>
  script in scripts && !scripts[script]!.includes("formerScript");

/** Why the command line does not understand it; nothing is carried out. */
export async function refusal(args: readonly string[]): Promise<string | undefined> {
  let understood = false;
  const program = programFor(contextOf(root).context, {
    carryOut: async () => void (understood = true),
  });
  try {
    await program.run(args);
  } catch (error) {
    return (error as Error).message;
  }
  return understood ? undefined : "is no whole command";
}
