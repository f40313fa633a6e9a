import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { instanceFileSchema } from "../../program/instance/file.ts";
import { fileOfInstance } from "../../program/instance/instanceFiles.ts";
import { factsOf } from "../../program/platforms/index.ts";
import { dayAfter } from "../../program/values/pullRequest.ts";
import { check, type Problem } from "../../program/values/problems.ts";
import type { Context, Define } from "../context.ts";
import { Refusal, refusalOf } from "../refusal.ts";
import {
  addOptions,
  fill,
  givenOf,
  sayProblem,
  valuesOf,
  type Answers,
  type Field,
  type Options,
} from "../form.ts";
import { instanceFields, nameField } from "./file/fields.ts";
import { instanceText } from "./file/file.ts";
import { suggestedTokenDay } from "./policyBounds.ts";
import { environmentNames, problemsAsInstance, readTarget, type Target } from "../stackFiles.ts";
import { writeNew } from "../writeNew.ts";

const stackField = (root: string): Field => ({
  flag: "--stack <stack>",
  question: "Environment that it is made in",
  choices: () => [...new Set([...environmentNames(root), embedded])],
});

// `npm run local` writes the stack file of the embedded platform, may not have done so yet, and
// checks the instances before it deploys them.
const embedded = "local";

export const define: Define = (command, context, end) => {
  command.argument("[name]", nameField.question);
  const all = [stackField(context.root), ...instanceFields(undefined, dayAfter(context.today, 30))];
  addOptions(command, all);
  command.action((name: string | undefined, options: Options) =>
    end(() =>
      newInstance(context, all, {
        ...givenOf(all, options),
        ...(name === undefined ? {} : { name }),
      }),
    ),
  );
};

async function newInstance(context: Context, all: readonly Field[], given: Answers): Promise<void> {
  const { root, asker, today } = context;
  // First the environment, on which the other questions depend; without a terminal everything that
  // is missing is said at once.
  const first =
    asker === undefined && given["stack"] === undefined ? [nameField, ...all] : [stackField(root)];
  const { stack = "" } = await fill(first, given, asker, () => []);
  const target = stack === embedded ? undefined : readTarget(root, stack);
  const fields = [
    stackField(root),
    nameField,
    ...instanceFields(target, suggestedTokenDay(root, stack, today)),
  ];
  const problems = (values: unknown, answers: Answers) =>
    problemsOf(context, target, answers["name"]!, values);
  const answers = await fill(fields, { ...given, stack }, asker, problems);

  const name = answers["name"]!;
  const file = target?.file(name) ?? fileOfInstance(join(root, "stacks", "instances", stack), name);
  const shown = relative(root, file);
  if (existsSync(file))
    throw new Refusal(
      `${shown} is there already; nothing was written. Edit it, or choose another name.`,
    );
  const wrong = problems(valuesOf(fields, answers), answers).map((problem) =>
    sayProblem(fields, answers, problem),
  );
  if (wrong.length > 0) throw refusalOf("Wrong values; nothing was written:", wrong);
  writeNew(root, file, instanceText(valuesOf(fields, answers)));
  context.out(`${[`written: ${shown}`, ...nextSteps(stack, shown, target, name)].join("\n")}\n`);
}

function problemsOf(
  { root, today }: Context,
  target: Target | undefined,
  name: string,
  values: unknown,
): Problem[] {
  const { data, problems } = check(instanceFileSchema, values);
  if (data === undefined || target === undefined) return problems;
  return [...problems, ...problemsAsInstance(root, target, name, data, today)];
}

function nextSteps(
  stack: string,
  shown: string,
  target: Target | undefined,
  name: string,
): string[] {
  if (stack === embedded) {
    return [
      "next:",
      "  npm run local -- configure   # to preview it: docs/previews.md",
      "  npm run local",
    ];
  }
  // A store without roles has users, and each instance needs one of its own.
  const key =
    target !== undefined && factsOf(target.environment.platform).hasRoles
      ? []
      : [
          `  pulumi config set --secret artifactStoreKeys --stack ${stack}   # as before, with the entry "${name}": docs/existing-platform.md`,
        ];
  return [
    "next:",
    ...key,
    `  npx mlflow-instances preview ${stack}`,
    `  git checkout -b ${name} && git add ${shown}   # and a pull request; docs/environments.md`,
  ];
}
