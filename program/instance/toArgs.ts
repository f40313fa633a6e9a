import {
  databaseName,
  type MlflowInstanceArgs,
  type ServerResources,
  type Tier,
} from "@mlflow-instances/components/model";
import type { Environment } from "../environment/environment.ts";
import type { Given } from "../platforms/given.ts";
import { factsOf } from "../platforms/index.ts";
import { defined } from "../values/defined.ts";
import type { InstanceFile } from "./file.ts";

// The version that images/tracking-server pins; an environment with an image of its own says what
// is in it.
const defaultMlflowVersion = "3.17.2";

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
): MlflowInstanceArgs {
  const { platform, artifacts, defaults = {} } = environment;
  const facts = factsOf(platform);
  const ofKind = facts.argsOf(given);
  const protect = environment.preview === undefined;
  const { cpu, memory, databaseConnections, tokens, delete: goes, ...sameForBoth } = file;
  return defined({
    ...sameForBoth,
    instanceName: name,
    environment: environment.name,
    tier: tierOf(environment, file),
    host: file.host ?? `${name}.${environment.domain}`,
    extraAllowedHosts: file.extraAllowedHosts ?? defaults.extraAllowedHosts,
    image: platform.image,
    imagePullSecret: given.imagePullSecret,
    imagePullSecrets: platform.imagePullSecrets && [...platform.imagePullSecrets],
    mlflowVersion: platform.mlflowVersion ?? defaultMlflowVersion,
    resources: resourcesIn(cpu, memory),
    artifactsAccess: artifacts.access,
    deletedExperimentRetention:
      file.deletedExperimentRetention ?? defaults.deletedExperimentRetention,
    traceRetention: file.traceRetention ?? defaults.traceRetention,
    staleRuns: file.staleRuns && defined(file.staleRuns),
    maintenance: defined({
      ...file.maintenance,
      timeZone: file.maintenance?.timeZone ?? defaults.timeZone,
    }),
    protect,
    prepareDeletion: goes !== undefined,
    ...ofKind,
    // Without protection, taking an instance away is meant to take its data along.
    bucket: { name: bucketName(environment, name), forceDestroy: !protect, ...ofKind.bucket },
    database: defined({
      name: databaseName(name),
      ...given.database,
      ...ofKind.database,
      maxConnections: facts.connections.max,
      connectionLimit: databaseConnections,
    }),
    caBundle: facts.databaseAuthorities(),
    // Sorted, so that the order of lines in a file changes nothing.
    tokens: Object.entries(tokens ?? {})
      .map(([tokenName, token]) => ({ name: tokenName, role: token.role, expires: token.expires }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
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

// In a review environment the instance's name says which environment it is.
const bucketName = ({ name: environment, preview, platform }: Environment, name: string) =>
  `${factsOf(platform).bucketPrefix ?? (preview === undefined ? `mlflow-${environment}` : "mlflow")}-${name}`;
