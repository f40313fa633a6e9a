import { ArtifactsAccess, SslMode, type MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import { resolveMaintenance, resolveStaleRuns } from "./maintenanceSettings.ts";
import { parseDays } from "./quantities.ts";
import { defaultResources, tierDefaults } from "./tiers.ts";

/** The arguments with every default filled in that more than one part needs. */
export type ResolvedArgs = ReturnType<typeof resolveArgs>;

export function resolveArgs(args: MlflowInstanceArgs) {
  const defaults = tierDefaults(args.tier);
  const deletedExperimentRetention =
    args.deletedExperimentRetention ?? defaults.deletedExperimentRetention;
  const preparingDeletion = args.prepareDeletion ?? false;
  const workers = args.workers ?? defaults.workers;
  return {
    replicas: args.replicas ?? defaults.replicas,
    workers,
    resources: args.resources ?? defaultResources(workers),
    temporaryStorage: args.temporaryStorage ?? defaults.temporaryStorage,
    artifactsAccess: args.artifactsAccess ?? ArtifactsAccess.Proxied,
    deletedExperimentRetention,
    // The same bound: what was removed for good must not lie around as an old version for longer.
    noncurrentVersionDays: parseDays(deletedExperimentRetention) ?? 30,
    staleRuns: resolveStaleRuns(args.staleRuns),
    maintenance: resolveMaintenance(args.instanceName, args.maintenance),
    // Whoever prepares a deletion means it: no other argument has to be changed, and taking it back
    // brings the guards back.
    protect: (args.protect ?? true) && !preparingDeletion,
    preparingDeletion,
    extraAllowedHosts: args.extraAllowedHosts ?? [],
    imagePullSecrets: args.imagePullSecrets ?? [],
    tokens: args.tokens ?? [],
    database: {
      ...args.database,
      role: args.database.role ?? args.database.name,
      port: args.database.port ?? 5432,
      characterType: args.database.characterType ?? "C.UTF-8",
      sslMode: args.database.sslMode ?? SslMode.VerifyFull,
    },
  };
}
