import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { secretKeys, type SecretKey } from "../../program/values/secretKeys.ts";
import { stackNames } from "../../program/instance/stackOnDisk.ts";
import type { Context, Define } from "../context.ts";
import { environmentFields } from "./file/fields.ts";
import { environmentText } from "./file/file.ts";
import { kubeconfigsOf } from "./file/kubeconfig.ts";
import { refusalOf } from "../refusal.ts";
import {
  addOptions,
  fill,
  givenOf,
  nameOf,
  sayProblem,
  valuesOf,
  type Answers,
  type Field,
  type Options,
} from "../form.ts";
import { checkEnvironment, environmentConfig } from "../stackFiles.ts";
import { replace, writeNew } from "../writeNew.ts";
import { rolloutFile, withLastStage } from "./rollout.ts";

export const define: Define = (command, context, end) => {
  const fields = environmentFields(kubeconfigsOf(context.env));
  const [nameField, ...flags] = fields as [Field, ...Field[]];
  command.argument(`[${nameOf(nameField)}]`, nameField.question);
  addOptions(command, flags);
  command.action((name: string | undefined, options: Options) =>
    end(() =>
      newEnvironment(context, fields, {
        ...givenOf(flags, options),
        ...(name === undefined ? {} : { name }),
      }),
    ),
  );
};

async function newEnvironment(
  { root, asker, out, today }: Context,
  fields: readonly Field[],
  given: Answers,
): Promise<void> {
  const unused = (name: string): string | undefined =>
    stackNames(root).includes(name)
      ? `is there already (stacks/Pulumi.${name}.yaml); choose another name, or edit that file`
      : undefined;
  const all = fields.map((field) =>
    field.argument
      ? {
          ...field,
          problem: (name: string, answers: Answers) =>
            field.problem?.(name, answers) ?? unused(name),
        }
      : field,
  );
  const checked = (values: unknown, name: string) => {
    const { problems, ...rest } = checkEnvironment(environmentConfig(name, values), today);
    return {
      ...rest,
      problems: problems.map(({ path, message }) => ({
        path: path[0] === "environment" ? path.slice(1) : path,
        message,
      })),
    };
  };
  const answers = await fill(
    all,
    given,
    asker,
    (values, { name = "" }) => checked(values, name).problems,
  );
  const name = answers["name"]!;
  const values = valuesOf(all, answers);
  const { problems, secrets } = checked(values, name);
  if (problems.length > 0)
    throw refusalOf(
      "Wrong values; nothing was written:",
      problems.map((problem) => sayProblem(all, answers, problem)),
    );

  const file = join(root, "stacks", `Pulumi.${name}.yaml`);
  writeNew(root, file, environmentText(values));
  const instances = join(root, "stacks", "instances", name);
  if (!existsSync(instances)) writeNew(root, join(instances, ".gitkeep"), "");
  const place = addToRollout(root, name)
    ? `${rolloutFile}: ${name} is the last stage, after an approval; move it to its place`
    : `${rolloutFile}: can't be extended; add the stage { stacks: [${name}] } to it`;
  const steps = nextSteps(name, secrets).map((line) => `  ${line}`);
  out(`${[`written: ${relative(root, file)}`, place, "next:", ...steps].join("\n")}\n`);
}

/** Says whether the pipelines know the stack now. */
function addToRollout(root: string, name: string): boolean {
  const path = join(root, rolloutFile);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const text = withLastStage(before, name);
  if (text !== undefined) replace(path, text);
  return text !== undefined;
}

/** What is left to do before the first preview, as commands. */
function nextSteps(name: string, secrets: readonly SecretKey[]): string[] {
  return [
    `pulumi stack init ${name}   # backends and secrets providers: docs/state-and-secrets.md`,
    ...secrets.map(
      (key) =>
        `pulumi config set --secret --stack ${name} ${key}   # ${secretKeys[key]}; asked for, or from standard input`,
    ),
    `npx mlflow-instances new-instance --stack ${name}`,
    `npx mlflow-instances preview ${name}`,
  ];
}
