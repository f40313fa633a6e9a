import { existsSync } from "node:fs";
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
import { writeNew } from "../writeNew.ts";

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
  out(
    `${[`written: ${relative(root, file)}`, "next:", ...nextSteps(name, secrets).map((line) => `  ${line}`)].join("\n")}\n`,
  );
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
