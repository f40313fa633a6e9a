import {
  arnParts,
  databaseServerProblems,
  type NamedServerArgs,
  type Tier,
} from "@mlflow-instances/components/internal";
import { z } from "zod";
import { costCenter, owner } from "../../values/answerable.ts";
import { strict } from "../../values/problems.ts";
import { inParts, valueAt } from "../../values/propertyPath.ts";
import { tierNames } from "../../values/tiers.ts";
import { days, daysOf, size } from "../../values/units.ts";
import { show, withValue } from "../../values/wrongValue.ts";
import { kmsKeyArn } from "./arn.ts";
import * as shared from "../shared.ts";

// An RDS PostgreSQL server that the environment makes for its instances.

export const rdsSchema = strict({
  owner: owner.describe("Who answers for the server; a tag."),
  costCenter: costCenter.optional().describe("Tag on the server. Default: none."),
  tier: z
    .enum(tierNames)
    .optional()
    .describe(
      "Defaults of multiAz and protect, as an instance of this tier needs them. Default: that of defaults.tier, else standard.",
    ),
  identifier: z
    .string()
    .optional()
    .describe(
      "Identifier of the server in RDS. Default: mlflow-<environment>; a review environment has that of the one that it was made from. A change renames the server, and with it its address.",
    ),
  engineVersion: z
    .string({
      error: (issue) =>
        issue.input === undefined
          ? "is missing"
          : `is ${show(issue.input)}, not a text; write it in quotes, such as "16"`,
    })
    .describe(
      'Major version of PostgreSQL, such as "16"; 14 or later. A higher one upgrades the server in place, with allowMajorVersionUpgrade only.',
    ),
  allowMajorVersionUpgrade: z
    .boolean()
    .optional()
    .describe("Whether a higher engineVersion may be applied. Default: false."),
  instanceClass: z
    .string()
    .describe(
      "RDS instance class, such as db.t4g.medium. A change restarts the server in its maintenance window.",
    ),
  subnetIds: z
    .array(z.string())
    .describe("Private subnets of the VPC, in at least two availability zones."),
  clientSecurityGroupIds: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "Security groups of those who may connect: the cluster's nodes or pods, and the machines that run this program. This or clientCidrs is needed.",
    ),
  clientCidrs: shared.cidrs
    .optional()
    .describe(
      "Addresses of those who may connect and have no security group in the VPC. Default: none.",
    ),
  storage: size
    .optional()
    .describe("Volume that the server begins with, such as 50Gi. Default: 20Gi, the least."),
  maxStorage: size
    .optional()
    .describe("Size up to which the volume grows by itself. Default: five times storage."),
  maxConnections: shared.maxConnections.describe(
    "max_connections of the server, set in its parameter group; what all instances may open together is checked against it.",
  ),
  multiAz: z
    .boolean()
    .optional()
    .describe(
      "Whether a standby runs in another availability zone. Default: by tier (production).",
    ),
  backupRetention: days
    .optional()
    .describe(
      "For how long automated backups are kept: 1d to 35d. Default: as long as the instances keep deleted experiments, 7d at least.",
    ),
  backupWindow: z
    .string()
    .optional()
    .describe("When the daily backup is taken, in UTC. Default: 00:00-00:30."),
  maintenanceWindow: z
    .string()
    .optional()
    .describe("When RDS may restart the server, in UTC. Default: sun:05:30-sun:06:30."),
  logRetention: days
    .optional()
    .describe(
      "For how long PostgreSQL's logs stay in CloudWatch, in days as CloudWatch knows them. Default: 30d.",
    ),
  applyImmediately: z
    .boolean()
    .optional()
    .describe(
      "Whether changes that interrupt are made at once instead of in the maintenance window. Default: false.",
    ),
  snapshotIdentifier: z
    .string()
    .min(1)
    .optional()
    .describe("Snapshot that the server is made from; read only when it is made. Default: none."),
  protect: z
    .boolean()
    .optional()
    .describe(
      "Whether the server is protected from deletion and leaves a final snapshot. Default: by tier (not sandbox).",
    ),
  kmsKeyArn: kmsKeyArn
    .optional()
    .describe(
      "KMS key of volume, snapshots and master secret, in the same region and account. Default: AWS' own keys. A change replaces the server.",
    ),
});

export type RdsSettings = z.output<typeof rdsSchema>;

/** The most that RDS keeps by itself, in days. */
const mostBackupDays = 35;

/** Days for which the server can keep backups. */
export const backupDaysOf = ({ backupRetention }: RdsSettings): number =>
  backupRetention === undefined ? mostBackupDays : daysOf(backupRetention);

// What an instance's retention can still undelete needs its rows from before an accident.
const backupRetentionFor = (retentions: readonly string[]): string =>
  `${Math.min(mostBackupDays, Math.max(7, ...retentions.map(daysOf)))}d`;

/** What the environment knows of its server besides the settings. */
export interface ServerHome {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly vpcId: string;
  /** Tier of the environment's instances. */
  readonly tier: Tier | undefined;
  readonly isPreview: boolean;
}

/** Name of the server's component. */
export const serverName = (environment: string): string => `mlflow-${environment}`;

/**
 * The component's arguments for the server of an environment. `retentions` are those of its
 * instances.
 */
export function serverArgs(
  { tier, ...rds }: RdsSettings,
  home: ServerHome,
  retentions: readonly string[],
): NamedServerArgs {
  const args = {
    environment: home.name,
    tier: tier ?? home.tier ?? "standard",
    vpcId: home.vpcId,
    backupRetention: backupRetentionFor(retentions),
    ...rds,
  };
  // Their types differ in one thing: zod's optional keys may be there and undefined, which JSON has
  // no way to say.
  return args as NamedServerArgs;
}

/**
 * What the schema alone can't see of a server made here: what the component would refuse, said
 * where its config is.
 */
export function checkRds(rds: RdsSettings, home: ServerHome, add: shared.Add): void {
  for (const { propertyPath, reason } of databaseServerProblems(
    serverName(home.name),
    serverArgs(rds, home, []),
  )) {
    const path = inParts(propertyPath);
    add(path, withValue(valueAt(rds, path), reason));
  }
  if (home.isPreview && rds.identifier === undefined)
    add(
      ["identifier"],
      "is missing: a review environment has no server of its own, but that of the environment that it was made from",
    );
  sameHome(rds.kmsKeyArn, home, (message) => add(["kmsKeyArn"], message));
}

/** An ARN that has to be of the environment's own region and account. */
export function sameHome(
  value: string | undefined,
  home: { region: string; accountId: string },
  add: (message: string) => void,
): void {
  const parts = value === undefined ? undefined : arnParts(value);
  if (parts === undefined) return;
  if (parts.region !== "" && parts.region !== home.region)
    add(`is of region ${parts.region}, but the environment is in ${home.region}`);
  if (parts.account !== home.accountId)
    add(`is of account ${parts.account || "none"}, but the environment is in ${home.accountId}`);
}
