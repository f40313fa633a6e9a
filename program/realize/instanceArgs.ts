import {
  databaseName,
  instanceProblems,
  type MlflowInstanceArgs,
} from "@mlflow-instances/components";
import { optionalSecret, type StoreKey } from "../environment/config.ts";
import type { Environment } from "../environment/environment.ts";
import type { InstanceSpec } from "../instance/instance.ts";
import { factsOf } from "../platforms/index.ts";
import { argsOf } from "./index.ts";
import type { Resources } from "./resources.ts";

// The version that images/tracking-server pins; an environment with an image of its own says what
// is in it.
const defaultMlflowVersion = "3.17.2";

/** What an instance gets besides its spec and its environment. */
export interface Given {
  readonly database: Resources["database"];
  /** Its users of the object store; on AWS it has roles instead. */
  readonly key: StoreKey | undefined;
}

/** The component's arguments for one instance: its spec on its environment. */
export function instanceArgs(
  environment: Environment,
  spec: InstanceSpec,
  { database, key }: Given,
): MlflowInstanceArgs {
  const { platform, artifacts } = environment;
  const facts = factsOf(platform);
  const ofKind = argsOf(platform, key);
  const caBundle = facts.databaseAuthorities();
  const pullSecret = optionalSecret("imagePullSecret");
  return {
    instanceName: spec.name,
    team: spec.team,
    owner: spec.owner,
    description: spec.description,
    environment: spec.environment,
    tier: spec.tier,
    ...(spec.costCenter === undefined ? {} : { costCenter: spec.costCenter }),
    host: spec.host,
    image: platform.image,
    ...(pullSecret === undefined ? {} : { imagePullSecret: pullSecret }),
    ...(platform.imagePullSecrets === undefined
      ? {}
      : { imagePullSecrets: [...platform.imagePullSecrets] }),
    mlflowVersion: platform.mlflowVersion ?? defaultMlflowVersion,
    replicas: spec.replicas,
    workers: spec.workers,
    resources: {
      cpuRequest: spec.cpu,
      memoryRequest: spec.memory.request,
      memoryLimit: spec.memory.limit,
    },
    temporaryStorage: spec.temporaryStorage,
    ...(spec.extraAllowedHosts.length === 0 ? {} : { extraAllowedHosts: spec.extraAllowedHosts }),
    artifactsAccess: artifacts.access,
    deletedExperimentRetention: spec.deletedExperimentRetention,
    ...(spec.traceRetention === undefined ? {} : { traceRetention: spec.traceRetention }),
    staleRuns: { ...spec.staleRuns },
    maintenance: { ...spec.maintenance },
    protect: spec.protect,
    prepareDeletion: spec.deletion,
    ...ofKind,
    // Without protection, taking an instance away is meant to take its data along.
    bucket: { name: spec.bucket, forceDestroy: !spec.protect, ...ofKind.bucket },
    database: {
      name: databaseName(spec.name),
      ...database,
      ...ofKind.database,
      maxConnections: facts.connections.max,
      connectionLimit: spec.databaseConnections,
    },
    ...(caBundle === undefined ? {} : { caBundle }),
    tokens: spec.tokens.map(({ name, role, expires }) => ({ name, role, expires })),
  };
}

/**
 * What the component would refuse although config and files seem right. Asked before the first
 * resource, because the component asks when others are registered already; where the server
 * answers, which nobody knows by then, is of no matter to it.
 */
export const refusedArguments = (
  environment: Environment,
  specs: readonly InstanceSpec[],
  keys: ReadonlyMap<string, StoreKey>,
): string[] =>
  specs.flatMap((spec) =>
    instanceProblems(
      instanceArgs(environment, spec, {
        database: { host: "postgresql.invalid", port: 5432 },
        key: keys.get(spec.name),
      }),
    ).map(({ propertyPath, reason }) => `instance ${spec.name}: ${propertyPath} ${reason}`),
  );
