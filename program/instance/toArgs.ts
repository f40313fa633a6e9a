import type { NamedArgs, ServerResources, Tier } from "@mlflow-instances/components/internal";
import type { Environment } from "../environment/environment.ts";
import { platformArgs } from "../environment/platformArgs.ts";
import type { Given } from "../platforms/given.ts";
import { factsOf } from "../platforms/index.ts";
import { defined } from "../values/defined.ts";
import type { InstanceFile } from "./file.ts";
import { workloadArgs } from "./workloads.ts";

/** The tier of an instance, its default filled in. */
export const tierOf = (environment: Environment | undefined, file: InstanceFile): Tier =>
  file.tier ?? environment?.defaults?.tier ?? "standard";

/**
 * The component's arguments for one instance: its file on its environment. What neither says is
 * left to the component's defaults. Pure: the same input always gives the same arguments.
 */
export function toArgs(
  environment: Environment,
  name: string,
  file: InstanceFile,
  given: Given,
): NamedArgs {
  const { platform, artifacts, defaults = {} } = environment;
  const {
    cpu,
    memory,
    databaseConnections,
    tokens,
    workloads,
    audit,
    delete: goes,
    ...sameForBoth
  } = file;
  return defined({
    ...sameForBoth,
    ...factsOf(platform).usersOf(given.key),
    platform: platformArgs(environment, given),
    instanceName: name,
    tier: tierOf(environment, file),
    extraAllowedHosts: file.extraAllowedHosts ?? defaults.extraAllowedHosts,
    resources: resourcesIn(cpu, memory),
    artifactsAccess: artifacts.access,
    deletedExperimentRetention:
      file.deletedExperimentRetention ?? defaults.deletedExperimentRetention,
    traceRetention: file.traceRetention ?? defaults.traceRetention,
    auditRetention: audit?.retention,
    staleRuns: file.staleRuns && defined(file.staleRuns),
    maintenance: defined({
      ...file.maintenance,
      timeZone: file.maintenance?.timeZone ?? defaults.timeZone,
    }),
    // Taking away an instance of a review environment is meant to take its data along.
    protect: environment.preview === undefined,
    prepareDeletion: goes !== undefined,
    database: defined({ connectionLimit: databaseConnections }),
    // Sorted, so that the order of lines in a file changes nothing.
    tokens: Object.entries(tokens ?? {})
      .map(([tokenName, token]) =>
        defined({
          name: tokenName,
          ...token,
          expires: token.expires ?? defaults.tokenExpires ?? "",
        }),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    workloads: workloadArgs(workloads),
  });
}

function resourcesIn(
  cpu: InstanceFile["cpu"],
  memory: InstanceFile["memory"],
): ServerResources | undefined {
  if (cpu === undefined && memory === undefined) return undefined;
  return defined({
    cpuRequest: cpu,
    memoryRequest: memory?.request,
    memoryLimit: memory?.limit,
  });
}
