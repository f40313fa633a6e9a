import { setImmediate } from "node:timers/promises";
import { MlflowInstance } from "@mlflow-instances/components";
import type { NamedArgs } from "@mlflow-instances/components/internal";
import * as pulumi from "@pulumi/pulumi";
import { optionalSecret, secret } from "./environment/config.ts";
import type { Environment } from "./environment/environment.ts";
import type { LastUpdate } from "./instance/lastUpdate.ts";
import type { LoadedInstance } from "./instance/load.ts";
import { datesOf } from "./instance/tokenGenerations.ts";
import { toArgs } from "./instance/toArgs.ts";
import type { Given, StoreKey } from "./platforms/given.ts";
import type { Context } from "./preflight/context.ts";
import { createPlatform } from "./realize/index.ts";
import { delivering } from "./realize/tokenDelivery.ts";

/** Facts of the stack and the day, which no file has. */
export interface Known {
  readonly last: LastUpdate;
  readonly today: string;
  /** UID of the namespace `kube-system`. */
  readonly cluster?: string | undefined;
  /** The way to the cluster, where its API server was asked. */
  readonly context?: Context | undefined;
}

/**
 * Registers the providers and every instance; gives the stack's outputs. All checks were done
 * before.
 */
export async function deploy(
  environment: Environment,
  instances: readonly LoadedInstance[],
  keys: ReadonlyMap<string, StoreKey>,
  { last, today, cluster, context }: Known,
) {
  const { providers, database } = createPlatform(
    environment,
    instances.map(({ resolved }) => resolved),
  );
  const transformations = [delivering(context)];
  const shared = { ...givenByConfig(environment), database };
  const made: (LoadedInstance & { args: NamedArgs; instance: MlflowInstance })[] = [];
  for (const loaded of instances) {
    const { name, file } = loaded;
    const known = toArgs(environment, name, file, { ...shared, key: keys.get(name) });
    const deployed = last.instances.get(name)?.tokens;
    const tokens = known.tokens?.map((token) => ({ ...token, ...datesOf(deployed, token, today) }));
    const args = { ...known, ...(tokens === undefined ? {} : { tokens }) };
    const instance = new MlflowInstance(name, args, { providers, transformations });
    made.push({ ...loaded, args, instance });
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
      made.map(({ name, args, resolved, instance }) => [
        name,
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
            (args.tokens ?? []).map(({ name: token, ...rest }) => [token, rest]),
          ),
          // Read by the next update: only what says this may leave the program.
          ...(resolved.prepareDeletion ? { deletion: instance.deletion } : {}),
        },
      ]),
    ),
    /** The tokens' values, `pulumi stack output tokens --show-secrets`. */
    tokens: pulumi.secret(
      Object.fromEntries(
        made.map(({ name, instance }) => [
          name,
          Object.fromEntries(
            Object.entries(instance.tokens).map(([token, { value }]) => [token, value]),
          ),
        ]),
      ),
    ),
  };
}

/** The environment's secrets that its instances need. */
function givenByConfig({ platform }: Environment): Omit<Given, "database"> {
  const hasCertificate = platform.ingress.tls?.source === "pem";
  return {
    imagePullSecret: optionalSecret("imagePullSecret"),
    ...(hasCertificate && {
      certificate: { pem: secret("tlsCertificate"), privateKey: secret("tlsPrivateKey") },
    }),
  };
}
