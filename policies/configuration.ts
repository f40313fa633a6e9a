import { isResourceRule, type Rule } from "./rule.ts";
import { readConfiguration } from "./settings.ts";

const levels = ["advisory", "mandatory", "remediate", "disabled"];

/** The engine's word for every rule at once. */
const everyRule = "all";

/**
 * What is wrong in a file for `--policy-pack-config`, one line each with its path. The engine
 * checks values only: it takes the name of a rule, or of a setting, that does not exist, and the
 * intended exclusion is not there. `suggest` gives the words for a mistyped name: the rules
 * know no code of the command line.
 */
export function configurationProblems(
  text: string,
  rules: readonly Rule[],
  suggest: (typed: string, known: readonly string[]) => string = () => "",
): string[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return [`is no JSON: ${(error as Error).message}`];
  }
  const names = rules.map((rule) => rule.name);
  if (!isObject(given)) return ["is not a JSON object of rule -> configuration"];
  return Object.entries(given).flatMap(([name, entry]) => {
    if (name === everyRule)
      return levelProblems(name, isObject(entry) ? entry["enforcementLevel"] : entry, undefined);
    const rule = rules.find((each) => each.name === name);
    if (rule === undefined)
      return [
        `${name}: there is no such rule; ${suggest(name, names)}\`npx mlflow-instances policies --list\` names them all`,
      ];
    if (!isObject(entry)) return levelProblems(name, entry, rule);
    const { enforcementLevel, ...configuration } = entry;
    return [
      ...(enforcementLevel === undefined ? [] : levelProblems(name, enforcementLevel, rule)),
      ...readConfiguration(name, rule.settings, configuration).problems,
    ];
  });
}

function levelProblems(name: string, level: unknown, rule: Rule | undefined): string[] {
  if (!levels.includes(level as string))
    return [`${name}: ${JSON.stringify(level)} is no level; one of ${levels.join(", ")}`];
  const hasRemedy = rule === undefined || (isResourceRule(rule) && rule.remedy !== undefined);
  return level === "remediate" && !hasRemedy
    ? [`${name}: remediate is not possible: the rule has no remedy`]
    : [];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
