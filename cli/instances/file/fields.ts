import { factsOf } from "../../../program/platforms/index.ts";
import { nameProblem } from "../../../program/values/naming.ts";
import { tierNames } from "../../../program/values/tiers.ts";
import type { Target } from "../../stackFiles.ts";
import { listOf, type Field } from "../../form.ts";

/** `ci:edit:2027-02-20`, as often as there are tokens, separated by commas. */
const tokenPattern = /^([^:]+):([^:]+):([^:]+)$/;

const tokens = (answer: string): Record<string, object> =>
  Object.fromEntries(
    listOf(answer).map((each) => {
      const [, name = "", role, expires] = tokenPattern.exec(each)!;
      return [name, { role, expires }];
    }),
  );

/** The name comes first: everything that can't be changed later follows from it. */
export const nameField: Field = {
  flag: "--name <name>",
  argument: true,
  question:
    "Name of the instance: the product it is for, such as fraud-detector; it can't be changed later",
  problem: (name, answers) => nameProblem(name, (answers["tier"] ?? undefined) as never),
};

/**
 * The values of an instance file that have no default; the rest is for an editor with the schema.
 * `tokenDay`: a last day that is not refused.
 */
export const instanceFields = (
  target: Pick<Target, "environment"> | undefined,
  tokenDay: string,
): readonly Field[] => [
  {
    flag: "--team <team>",
    question: "Team that it belongs to, a label on everything",
    path: ["team"],
  },
  { flag: "--owner <address>", question: "E-mail address for notices about it", path: ["owner"] },
  {
    flag: "--description <text>",
    question: "What it is for, in one sentence",
    path: ["description"],
  },
  {
    flag: "--tier <tier>",
    question: "Size and protection",
    path: ["tier"],
    choices: () => tierNames,
    asked: true,
    fallback: () =>
      target === undefined ? "sandbox" : (target.environment.defaults?.tier ?? "standard"),
  },
  {
    flag: "--cost-center <text>",
    question: "Cost center, by which AWS bills; every bucket there has it as a tag",
    path: ["costCenter"],
    optional: target === undefined || !factsOf(target.environment.platform).billsByTag,
  },
  {
    flag: "--retention <days>",
    question:
      "For how long deleted experiments can be restored, such as 30d (default: that of the environment or tier)",
    path: ["deletedExperimentRetention"],
    optional: true,
  },
  {
    flag: "--token <name:role:date>",
    question: `Access token, such as ci:edit:${tokenDay} with its last day; several with commas (default: none)`,
    path: ["tokens"],
    value: tokens,
    optional: true,
    problem: tokenProblem,
  },
];

function tokenProblem(answer: string): string | undefined {
  const parts = listOf(answer);
  const wrong = parts.find((each) => !tokenPattern.test(each));
  if (wrong !== undefined)
    return `${wrong} is not <name>:<role>:<last day>, such as ci:edit:2027-02-20`;
  const names = parts.map((each) => tokenPattern.exec(each)![1]!);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `${twice} is there twice`;
}
