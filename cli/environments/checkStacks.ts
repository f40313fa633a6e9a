import { resolve } from "node:path";
import { connectionProblems } from "../../program/instance/connections.ts";
import { readInstances } from "../../program/instance/load.ts";
import { showPath } from "../../program/values/problems.ts";
import { readStack } from "../../program/instance/stackOnDisk.ts";

/**
 * Every error in the files of these stacks: what can be said of a change without a secret, a login
 * or an engine, so also of one from a fork.
 */
export function checkStacks(
  root: string,
  stacks: readonly string[],
  today = new Date().toISOString().slice(0, 10),
): string[] {
  return stacks.flatMap((name) => {
    const { stack, errors } = readStack(root, name);
    if (stack === undefined) return errors;
    const {
      instances,
      ofEnvironment,
      errors: wrong,
    } = readInstances(stack.environment, resolve(stack.instancesFolder), {
      stack: name,
      today,
      root,
    });
    const resolved = instances.map((instance) => instance.resolved);
    const crowded = [...ofEnvironment, ...connectionProblems(stack.environment, resolved)].map(
      ({ path, message }) => `${name}: ${showPath(path)}: ${message}`,
    );
    return [...wrong, ...crowded];
  });
}
