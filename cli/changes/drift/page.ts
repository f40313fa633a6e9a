import { clean, code, plural } from "../preview/markdownText.ts";
import { isClean, type Difference, type Drift } from "./drift.ts";

type Words = Readonly<Record<Difference["kind"], string>>;
const outsideWords: Words = {
  created: "made",
  updated: "changed",
  replaced: "another one",
  deleted: "**gone**",
};
const undeployedWords: Words = {
  created: "to be made",
  updated: "to be changed",
  replaced: "to be replaced",
  deleted: "to be deleted",
};

/** The page of a drift check, without a time or a value: it only changes when the drift does. */
export function driftPage(stack: string, drift: Drift): string {
  const { outside, undeployed, refused, violations } = drift;
  const parts = [`# Drift in ${code(stack)}`];
  if (isClean(drift))
    parts.push(
      "None: what runs is what the last update made, what the program says, and within the policies.",
    );
  if (outside.length > 0) {
    parts.push(
      `## Changed outside of Pulumi: ${plural(outside.length, "object")}`,
      `Not as the last update left ${outside.length === 1 ? "it" : "them"}. ${code(`npx mlflow-instances deploy ${stack} --refresh`)} puts back what the files say. What is to stay belongs into an instance's file or the stack file.`,
      table(outside, outsideWords),
    );
  }
  if (undeployed.length > 0) {
    parts.push(
      `## Not deployed: ${plural(undeployed.length, "object")}`,
      `The files say something else than the last update made of them; ${code(`npx mlflow-instances deploy ${stack}`)} makes up for it.`,
      table(undeployed, undeployedWords),
    );
  }
  if (refused.length > 0)
    parts.push("## Can't be deployed", refused.map((line) => `- ${clean(line)}`).join("\n"));
  if (violations.length > 0) {
    parts.push(
      `## Policies: ${plural(violations.length, "violation")}`,
      violations.map(violation).join("\n"),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

const violation = ({ policy, resource, message }: Drift["violations"][number]): string =>
  `- ${code(policy)}${resource === undefined ? "" : ` (${code(resource)})`}: ${clean(message.replaceAll(/\s*\n\s*/g, " "))}`;

function table(differences: readonly Difference[], words: Words): string {
  const order = ({ instance = "", type, name }: Difference): string =>
    `${instance}\0${type}\0${name}`;
  const rows = [...differences].sort((one, other) => (order(one) < order(other) ? -1 : 1));
  return [
    "| instance | object | kind | what | property |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(({ instance, name, type, kind, properties }) => {
      const owner = instance === undefined ? "(environment)" : code(instance);
      return `| ${owner} | ${code(name)} | ${type.slice(type.lastIndexOf(":") + 1)} | ${words[kind]} | ${properties.map(code).join(", ")} |`;
    }),
  ].join("\n");
}
