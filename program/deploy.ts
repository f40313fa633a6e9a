import { setImmediate } from "node:timers/promises";
import { MlflowInstance } from "@mlflow-instances/components";
import * as pulumi from "@pulumi/pulumi";
import type { StoreKey } from "./environment/config.ts";
import type { Environment } from "./environment/environment.ts";
import type { InstanceSpec } from "./instance/instance.ts";
import { instanceArgs } from "./realize/instanceArgs.ts";
import { createPlatform } from "./realize/index.ts";

/**
 * Registers the providers and every instance; gives the stack's outputs. All checks were done
 * before.
 */
export async function deploy(
  environment: Environment,
  specs: readonly InstanceSpec[],
  keys: ReadonlyMap<string, StoreKey>,
  cluster?: string,
) {
  const { providers, database } = createPlatform(environment, specs);
  const made: { spec: InstanceSpec; instance: MlflowInstance }[] = [];
  for (const spec of specs) {
    const args = instanceArgs(environment, spec, { database, key: keys.get(spec.name) });
    made.push({ spec, instance: new MlflowInstance(spec.name, args, { providers }) });
    // Lets the registrations leave, so that the engine works on this instance while the program
    // makes the next.
    await setImmediate();
  }
  const { preview } = environment;
  return {
    /** UID of the cluster's namespace `kube-system`: the next update refuses another cluster. */
    ...(cluster === undefined ? {} : { cluster }),
    /** By this the reaper knows a review environment, and when it is over. */
    ...(preview === undefined
      ? {}
      : { preview: { pullRequest: preview.pullRequest, until: preview.until } }),
    /** What anyone may know of each instance. */
    instances: Object.fromEntries(
      made.map(({ spec, instance }) => [
        spec.name,
        {
          trackingUri: instance.trackingUri,
          bucket: instance.bucketName,
          database: instance.databaseName,
          namespace: instance.namespace,
          version: instance.mlflowVersion,
          retention: instance.deletedExperimentRetention,
          retentionSchedule: instance.retentionSchedule,
          staleRunsSchedule: instance.staleRunsSchedule,
          tokens: Object.fromEntries(
            spec.tokens.map(({ name, role, expires }) => [name, { role, expires }]),
          ),
          // Read by the next update: only what says this may leave the program.
          ...(spec.deletion ? { deletion: instance.deletion } : {}),
        },
      ]),
    ),
    /** The tokens' values, `pulumi stack output tokens --show-secrets`. */
    tokens: pulumi.secret(
      Object.fromEntries(
        made.map(({ spec, instance }) => [
          spec.name,
          Object.fromEntries(spec.tokens.map(({ name }) => [name, instance.tokens[name]!.value])),
        ]),
      ),
    ),
  };
}
