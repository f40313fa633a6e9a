import { isInstance } from "@mlflow-instances/components/internal";
import type { Step, StepState } from "../engineEvents.ts";
import type { OwnerOf } from "./owners.ts";
import { bytesOf, milliOf } from "./quantities.ts";
import { asObject, listOf, numberOf, textOf, valueAt } from "./values.ts";
import { exposedBy, urlsOf } from "./exposure.ts";

export interface TokenFacts {
  readonly role: string;
  readonly expires: string;
  readonly generation: number;
  /** Last day of the value before; empty where there is none. */
  readonly previousValidUntil: string;
}

/** What an instance asks of the platform. */
export interface Capacity {
  readonly replicas: number;
  /** Guaranteed to all pods together. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly temporaryBytes: number;
  /** What its roles may open at most. */
  readonly connections: number;
  readonly databases: number;
  /** Where its bucket's objects lie. */
  readonly storageClasses: readonly string[];
}

/** What an instance is, before or after a change, read from its resources. */
export interface InstanceFacts {
  readonly tier?: string | undefined;
  readonly environment?: string | undefined;
  readonly version?: string | undefined;
  /** `30d`. */
  readonly retention?: string | undefined;
  /** Age at which traces of active experiments are removed; undefined: they stay. */
  readonly traceRetention?: string | undefined;
  readonly retentionSchedule?: string | undefined;
  /** Its deletion was asked for by name, so its parts may go. */
  readonly deletionPrepared: boolean;
  readonly urls: readonly string[];
  /** The ingress class or the Gateway, as messages name it. */
  readonly exposedBy: readonly string[];
  /** Undefined where the program didn't get far enough to say them. */
  readonly tokens: Readonly<Record<string, TokenFacts>> | undefined;
  readonly capacity: Capacity;
}

export interface BeforeAndAfter {
  /** Undefined: there was none. */
  readonly before: InstanceFacts | undefined;
  /** Undefined: there will be none. */
  readonly after: InstanceFacts | undefined;
}

const bucketTypes = ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"];
const databaseType = "postgresql:index/database:Database";
const roleType = "postgresql:index/role:Role";
/** What holds data, an instance's or, as a database server, that of all. */
export const holderTypes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(bucketTypes.map((type) => [type, "bucket"])),
  [databaseType]: "database",
  [roleType]: "database role",
  "kubernetes:core/v1:Namespace": "namespace",
  "kubernetes:core/v1:PersistentVolumeClaim": "volume",
  "aws:rds/instance:Instance": "database server",
  "aws:rds/cluster:Cluster": "database server",
};

/** The facts of every instance on both sides of the change, by name. */
export function factsOf(
  steps: readonly Step[],
  results: readonly Step[],
  ownerOf: OwnerOf,
): ReadonlyMap<string, BeforeAndAfter> {
  const sides = new Map<string, { before: StepState[]; after: StepState[] }>();
  const seen = { before: new Set<string>(), after: new Set<string>() };
  for (const { urn, old, new: next } of steps) {
    const instance = ownerOf(urn);
    if (instance === undefined) continue;
    const side = sides.get(instance) ?? { before: [], after: [] };
    sides.set(instance, side);
    // A replacement comes in several steps.
    if (old !== undefined && !seen.before.has(urn)) side.before.push(old);
    if (old !== undefined) seen.before.add(urn);
    if (next === undefined || seen.after.has(urn)) continue;
    side.after.push(next);
    seen.after.add(urn);
  }
  const outputs = registeredOutputs(results);
  return new Map(
    [...sides]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([instance, { before, after }]) => [
        instance,
        {
          before:
            before.length === 0
              ? undefined
              : read(before, before.find(({ type }) => isInstance(type))?.outputs),
          after:
            after.length === 0
              ? undefined
              : read(after, outputs.get(after.find(({ type }) => isInstance(type))?.urn ?? "")),
        },
      ]),
  );
}

/**
 * The outputs of each instance's component: of its two results the second has the new ones, and the
 * first, where the program got no further, those that were.
 */
const registeredOutputs = (
  results: readonly Step[],
): ReadonlyMap<string, Record<string, unknown>> =>
  new Map(
    results.flatMap(({ urn, type, new: next }) =>
      isInstance(type) && next !== undefined ? [[urn, next.outputs] as const] : [],
    ),
  );

function read(
  states: readonly StepState[],
  outputs: Readonly<Record<string, unknown>> | undefined,
): InstanceFacts {
  const of = (...types: string[]): Record<string, unknown>[] =>
    states.filter(({ type }) => types.includes(type)).map(({ inputs }) => asObject(inputs));
  const namespace = of("kubernetes:core/v1:Namespace")[0];
  const annotations = asObject(valueAt(namespace, ["metadata", "annotations"]));
  const labels = asObject(valueAt(namespace, ["metadata", "labels"]));
  const tags = of(...bucketTypes).map((bucket) => asObject(bucket["tags"]));
  const tokens = outputs?.["tokens"];
  return {
    tier: textOf(labels["mlflow-instances/tier"]),
    environment: textOf(labels["mlflow-instances/environment"]),
    version: textOf(annotations["mlflow-instances/mlflow-version"]),
    retention: textOf(annotations["mlflow-instances/deleted-experiment-retention"]),
    traceRetention: textOf(annotations["mlflow-instances/trace-retention"]),
    retentionSchedule: textOf(outputs?.["retentionSchedule"]),
    deletionPrepared: [annotations, ...tags].some(
      (marks) => marks["mlflow-instances/deletion"] === "prepared",
    ),
    urls: urlsOf(of),
    exposedBy: exposedBy(of),
    tokens:
      tokens === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(asObject(tokens)).map(([name, token]) => [name, tokenOf(token)]),
          ),
    capacity: capacityOf(of),
  };
}

function tokenOf(value: unknown): TokenFacts {
  const { role, expires, generation, previousValidUntil } = asObject(value);
  return {
    role: textOf(role) ?? "",
    expires: textOf(expires) ?? "",
    // States of before 2026-12 have the first value of every token.
    generation: numberOf(generation) ?? 1,
    previousValidUntil: textOf(previousValidUntil) ?? "",
  };
}

function capacityOf(of: (...types: string[]) => Record<string, unknown>[]): Capacity {
  let [replicas, cpuMilli, memoryBytes, temporaryBytes] = [0, 0, 0, 0];
  for (const workload of of("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")) {
    const count = numberOf(valueAt(workload, ["spec", "replicas"])) ?? 1;
    const pod = asObject(valueAt(workload, ["spec", "template", "spec"]));
    const requests = listOf(pod["containers"]).map((container) =>
      asObject(valueAt(container, ["resources", "requests"])),
    );
    const sum = (numbers: (number | undefined)[]): number =>
      count * numbers.reduce<number>((total, each) => total + (each ?? 0), 0);
    replicas += count;
    cpuMilli += sum(requests.map(({ cpu }) => milliOf(cpu)));
    memoryBytes += sum(requests.map(({ memory }) => bytesOf(memory)));
    temporaryBytes += sum(
      listOf(pod["volumes"]).map((volume) => bytesOf(valueAt(volume, ["emptyDir", "sizeLimit"]))),
    );
  }
  const limits = of(roleType).map(({ connectionLimit }) => numberOf(connectionLimit) ?? 0);
  const transitions = of(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
  ).flatMap(({ rules }) =>
    listOf(rules).flatMap((rule) =>
      listOf(rule["transitions"]).flatMap(({ storageClass }) => textOf(storageClass) ?? []),
    ),
  );
  const buckets = of(...bucketTypes);
  return {
    replicas,
    cpuMilli,
    memoryBytes,
    temporaryBytes,
    connections: limits.filter((limit) => limit > 0).reduce((total, limit) => total + limit, 0),
    databases: of(databaseType).length,
    storageClasses: buckets.length === 0 ? [] : [...new Set(["STANDARD", ...transitions])].sort(),
  };
}
