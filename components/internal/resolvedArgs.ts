import { ArtifactsAccess, SslMode, type MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import { defaultResources, tierDefaults } from "./tiers.ts";

/** The arguments with every default filled in that more than one part needs. */
export type ResolvedArgs = ReturnType<typeof resolveArgs>;

export function resolveArgs(args: MlflowInstanceArgs) {
  const defaults = tierDefaults(args.tier);
  const workers = args.workers ?? defaults.workers;
  return {
    replicas: args.replicas ?? defaults.replicas,
    workers,
    resources: args.resources ?? defaultResources(workers),
    temporaryStorage: args.temporaryStorage ?? defaults.temporaryStorage,
    artifactsAccess: args.artifactsAccess ?? ArtifactsAccess.Proxied,
    deletedExperimentRetention: args.deletedExperimentRetention ?? defaults.deletedExperimentRetention,
    protect: args.protect ?? defaults.protect,
    extraAllowedHosts: args.extraAllowedHosts ?? [],
    tokens: args.tokens ?? [],
    database: {
      ...args.database,
      role: args.database.role ?? args.database.name,
      port: args.database.port ?? 5432,
      sslMode: args.database.sslMode ?? SslMode.VerifyFull,
    },
  };
}
