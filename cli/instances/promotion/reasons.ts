import type { Environment } from "../../../program/environment/environment.ts";
import type { InstanceFile, InstanceSpec } from "../../../program/instance/instance.ts";
import { changes, type Change } from "./plan.ts";

interface Side {
  readonly environment: Environment;
  readonly file: InstanceFile;
  readonly spec: InstanceSpec;
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
  const values = ({ spec: { environment: _, tokens, ...rest } }: Side): object => ({
    ...rest,
    tokens: Object.fromEntries(tokens.map(({ name, role, expires }) => [name, { role, expires }])),
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

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );

function origin(path: readonly string[], { environment, file, spec }: Side): string {
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
    return `default of tier ${spec.tier}`;
  return ["cpu", "memory", "databaseConnections"].includes(key)
    ? "follows from replicas and workers"
    : "default";
}
