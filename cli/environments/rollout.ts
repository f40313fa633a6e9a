import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, isSeq } from "yaml";
import { rolloutSchema, type Stage } from "../../program/environment/rolloutSchema.ts";
import { check, type Problem } from "../../program/values/problems.ts";
import { pullRequestOf } from "../../program/values/pullRequest.ts";
import { parseYamlFile } from "../../program/values/yamlFile.ts";

export type { Stage };

/** The file with the order of the environments. */
export const rolloutFile = "stacks/rollout.yaml";

/**
 * The order in which pipelines deploy. `stacks` are those with a stack file; each of them, but for
 * review environments, has to be in one stage. `errors` are all that is wrong, each with its place.
 */
export function readRollout(
  root: string,
  stacks: readonly string[],
): { stages: Stage[]; errors: string[] } {
  const owned = stacks.filter((stack) => pullRequestOf(stack) === undefined);
  const path = join(root, rolloutFile);
  if (!existsSync(path))
    return {
      stages: [],
      errors:
        owned.length === 0
          ? []
          : [`${rolloutFile}: is missing; name the stages of ${owned.join(", ")} in it`],
    };
  const yaml = parseYamlFile(readFileSync(path, "utf8"));
  if (yaml.syntaxErrors.length > 0)
    return { stages: [], errors: yaml.syntaxErrors.map((error) => `${rolloutFile}:${error}`) };
  const { data, problems } = check(rolloutSchema, yaml.data);
  const stages = data?.stages ?? [];
  const all = data === undefined ? problems : misplaced(stages, owned);
  return { stages, errors: all.map((problem) => `${rolloutFile}:${yaml.place(problem)}`) };
}

function misplaced(stages: readonly Stage[], stacks: readonly string[]): Problem[] {
  const named = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, stage] of stages.entries())
    for (const [position, stack] of stage.stacks.entries()) {
      const path = ["stages", index, "stacks", position];
      if (named.has(stack)) problems.push({ path, message: `names "${stack}" a second time` });
      else if (!stacks.includes(stack))
        problems.push({
          path,
          message: `names "${stack}", but Git has no stacks/Pulumi.${stack}.yaml; add that file to Git, or remove the name`,
        });
      named.add(stack);
    }
  for (const stack of stacks)
    if (!named.has(stack))
      problems.push({
        path: ["stages"],
        message: `no stage names "${stack}", which has a stack file; add it to a stage`,
      });
  return problems;
}

/**
 * The file's text with a stack as its last stage, its comments kept. It waits for an approval, since
 * what comes last is most often what others depend on. Undefined when the file can't be extended.
 */
export function withLastStage(text: string | undefined, stack: string): string | undefined {
  const document = parseDocument(text ?? "stages: []\n");
  const stages = document.get("stages");
  if (document.errors.length > 0 || !isSeq(stages)) return undefined;
  const names = document.createNode([stack], { flow: true });
  stages.flow = false;
  stages.add(document.createNode({ stacks: names, approval: true }));
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
