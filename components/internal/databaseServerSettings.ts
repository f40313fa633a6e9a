import { Tier } from "../enums.ts";
import type { DatabaseServerArgs } from "../databaseServerArgs.ts";
import { parseBytes, parseDays } from "./quantities.ts";
import { componentLabel } from "./labels.ts";
import { tierDefaults } from "./tiers.ts";

/** The port that PostgreSQL answers at; another one would hide nothing. */
export const databaseServerPort = 5432;

/** 64 TiB, the most GiB of gp3 for PostgreSQL on RDS. */
export const mostStorage = 65_536;

/** Arguments in which everything is said that follows from the program around the server. */
export interface NamedServerArgs extends DatabaseServerArgs {
  readonly environment: string;
  readonly tier: Tier;
}

export const namedServerArgs = (stack: string, args: DatabaseServerArgs): NamedServerArgs => ({
  ...args,
  environment: args.environment ?? stack,
  tier: args.tier ?? Tier.Standard,
});

/** The arguments with every default filled in, in the units of RDS. */
export function resolveDatabaseServer(name: string, args: NamedServerArgs) {
  const identifier = args.identifier ?? name;
  const isSandbox = args.tier === Tier.Sandbox;
  const storage = gibibytes(args.storage ?? "20Gi") ?? 0;
  return {
    identifier,
    storage,
    maxStorage:
      args.maxStorage === undefined
        ? Math.min(5 * storage, mostStorage)
        : (gibibytes(args.maxStorage) ?? 0),
    multiAz: args.multiAz ?? args.tier === Tier.Production,
    backupRetentionDays:
      parseDays(args.backupRetention ?? tierDefaults(args.tier).deletedExperimentRetention) ?? 0,
    backupWindow: args.backupWindow ?? "00:00-00:30",
    maintenanceWindow: args.maintenanceWindow ?? "sun:05:30-sun:06:30",
    logRetentionDays: parseDays(args.logRetention ?? "30d") ?? 0,
    adminUser: args.adminUser ?? "mlflow_admin",
    clientSecurityGroupIds: args.clientSecurityGroupIds ?? [],
    clientCidrs: args.clientCidrs ?? [],
    protect: args.protect ?? !isSandbox,
    finalSnapshot: args.finalSnapshot ?? !isSandbox,
    // No clock in it: the name has to be the same in every preview.
    finalSnapshotIdentifier: args.finalSnapshotIdentifier ?? `${identifier}-final`,
  };
}

/** Whole GiB of a size such as `50Gi`; undefined when it is none: RDS takes no other unit. */
export function gibibytes(text: string): number | undefined {
  const size = (parseBytes(text) ?? 0) / 2 ** 30;
  return text.endsWith("Gi") && Number.isInteger(size) && size > 0 ? size : undefined;
}

/** Tags of everything around the server. It has no tag of an instance: it is all instances'. */
export function databaseServerTags(args: NamedServerArgs): Record<string, string> {
  return {
    "app.kubernetes.io/name": "postgresql",
    [componentLabel]: "database-server",
    "app.kubernetes.io/part-of": "mlflow-instances",
    "app.kubernetes.io/managed-by": "pulumi",
    "mlflow-instances/environment": args.environment,
    "mlflow-instances/tier": args.tier,
    "mlflow-instances/owner": args.owner,
    ...(args.costCenter === undefined ? {} : { "cost-center": args.costCenter }),
  };
}

const nouns = {
  subnetGroup: "subnets",
  securityGroup: "security-group",
  parameterGroup: "parameters",
  server: "server",
} as const;

/** Logical names are a contract: one that changes replaces the resource. */
export function serverLogicalName(name: string, noun: keyof typeof nouns): string {
  return `${name}-${nouns[noun]}`;
}

/**
 * By the client and not by its place in the list: taking the first one out must leave the others
 * alone. An output has only a place. A URN knows `::`, so an IPv6 CIDR goes without colons.
 */
export function clientLogicalName(name: string, client: string): string {
  return `${name}-from-${client.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`;
}

export function logGroupLogicalName(name: string, log: string): string {
  return `${name}-${log}-log`;
}
