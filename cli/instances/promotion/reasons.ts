import type { Environment } from "../../../program/environment/environment.ts";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { InstanceFile } from "../../../program/instance/file.ts";
import { inTermsOfTheFile } from "../../../program/instance/places.ts";
import { valueAt } from "../../../program/values/propertyPath.ts";
import { changes, type Change } from "./plan.ts";

interface Side {
  readonly environment: Environment;
  readonly file: InstanceFile;
  readonly resolved: ResolvedInstance;
}

/**
 * A value of the instance that is not the same in the two environments, and where it comes from in
 * each.
 */
export interface Difference extends Change {
  readonly why: string;
}

/** Every resolved value that differs, those that only repeat the environment's name left out. */
export function differences(source: Side, target: Side): Difference[] {
  const values = ({ resolved }: Side): object => ({
    ...inTermsOfTheFile(resolved),
    bucket: resolved.bucket.name,
    protect: resolved.protect,
    tokens: Object.fromEntries(
      resolved.tokens.map(({ name, role, expires }) => [name, { role, expires }]),
    ),
  });
  return changes(values(source), values(target)).map((change) => ({
    ...change,
    why: why(change, source, target),
  }));
}

function why({ path }: Change, source: Side, target: Side): string {
  const [one, other] = [origin(path, source), origin(path, target)];
  return one === other ? one : `${one} there, ${other} here`;
}

function origin(path: readonly string[], { environment, file, resolved }: Side): string {
  const [key = ""] = path;
  if (key === "host" && valueAt(file, path) === undefined) return "the environment's domain";
  if (key === "bucket") return "the environment's bucket prefix";
  if (valueAt(file, path) !== undefined) return "its file";
  // The file has no word for it, or the value is not there on this side.
  if (key === "tokens") return "no such token";
  const given =
    key === "maintenance"
      ? valueAt(environment.defaults, path.slice(1))
      : valueAt(environment.defaults, path);
  if (given !== undefined) return `default of ${environment.name}`;
  if (["replicas", "workers", "temporaryStorage", "deletedExperimentRetention"].includes(key))
    return `default of tier ${resolved.tier}`;
  return ["cpu", "memory", "databaseConnections"].includes(key)
    ? "follows from replicas and workers"
    : "default";
}
