import type { Input } from "@pulumi/pulumi";
import type { Tier } from "./enums.ts";

/**
 * Arguments of {@link DatabaseServer}. Plain values decide which resources exist, inputs only fill
 * them.
 */
export interface DatabaseServerArgs {
  /** Name of the environment, a tag on everything. Default: the name of the stack. */
  environment?: string;
  /**
   * Set of defaults: production has Multi-AZ; sandbox is not protected, leaves no final snapshot
   * and keeps backups for 7 days. Default: `standard`.
   */
  tier?: Tier;
  /** Who answers for the server, usually an e-mail address; a tag. */
  owner: string;
  /** Cost centre, a tag. Default: none. */
  costCenter?: string;
  /**
   * Identifier of the server in RDS, unique in account and region: at most 48 lower case letters,
   * digits and single dashes, beginning with a letter. Snapshots and log groups follow from it.
   * Default: the component's name. A change renames the server, and with it its address.
   */
  identifier?: string;
  /**
   * Major version of PostgreSQL such as `16`, 14 or later. AWS chooses the minor one and raises it
   * in the maintenance window. A higher one upgrades the server in place, and only with
   * `allowMajorVersionUpgrade`; there is no way back but a snapshot.
   */
  engineVersion: string;
  /**
   * Whether a higher `engineVersion` may be applied. Default: false; set it for the one update that
   * means it.
   */
  allowMajorVersionUpgrade?: boolean;
  /**
   * Instance class such as `db.t4g.medium`. A change restarts the server (with Multi-AZ: fails
   * over), in the maintenance window.
   */
  instanceClass: string;
  /**
   * `max_connections`, at most what RDS itself would give the class: its memory / 9531392, and
   * 5000. The connections of all instances together have to fit. A change takes effect with the
   * next restart of the server, which you start.
   */
  maxConnections: number;
  /** VPC of the security group. A change replaces the group. */
  vpcId: Input<string>;
  /** Private subnets of that VPC in at least two availability zones. */
  subnetIds: Input<string>[];
  /**
   * Security groups of those who may connect: the nodes or pods of the cluster, and the machines
   * that run Pulumi. One that is an output is known by its place in the list, so add further ones at
   * the end. Default: none; give at least one here or in `clientCidrs`.
   */
  clientSecurityGroupIds?: Input<string>[];
  /**
   * CIDRs of those who may connect and carry no security group that the VPC knows. Never the whole
   * internet. An output is an IPv4 range, and known by its place in the list. Default: none.
   */
  clientCidrs?: Input<string>[];
  /**
   * Storage that the server starts with, in whole `Gi` from `20Gi` (the least of gp3). It is never
   * taken back. Default: `20Gi`.
   */
  storage?: string;
  /**
   * Up to which RDS lets the storage grow by itself, at least a tenth more than `storage`. Default:
   * five times `storage`, and no more than `65536Gi`.
   */
  maxStorage?: string;
  /**
   * ARN of the KMS key for storage, snapshots, Performance Insights and the master secret, of the
   * server's region. Default: AWS' own keys. A change replaces the server.
   */
  kmsKeyArn?: Input<string>;
  /**
   * Whether a standby in another availability zone takes over; doubles the price of class and
   * storage. Default: true for production.
   */
  multiAz?: boolean;
  /**
   * How long automated backups are kept, `1d` to `35d` (the most that RDS keeps): any moment in it
   * can be restored. Default: by tier, as long as its instances keep deleted experiments (sandbox
   * `7d`, else `30d`); an experiment that can still be undeleted needs its rows from before an
   * accident.
   */
  backupRetention?: string;
  /**
   * When the daily backup is taken, `hh:mm-hh:mm` in UTC, at least 30 minutes. Default:
   * `00:00-00:30`, before the retention jobs (1 to 5) remove anything.
   */
  backupWindow?: string;
  /**
   * When RDS may restart the server for minor versions and changes, `ddd:hh:mm-ddd:hh:mm` in UTC,
   * at least 30 minutes. Default: `sun:05:30-sun:06:30`.
   */
  maintenanceWindow?: string;
  /**
   * Whether changes that interrupt are made at once instead of in the maintenance window. Default:
   * false.
   */
  applyImmediately?: boolean;
  /**
   * How long PostgreSQL's logs stay in CloudWatch, in days as CloudWatch knows them (`1d`, `3d`,
   * `5d`, `7d`, `14d`, `30d`, `60d`, `90d`, `180d`, `365d`). Default: `30d`.
   */
  logRetention?: string;
  /**
   * Name of the master user, 1 to 63 lower case letters, digits and `_`, beginning with a letter.
   * Default: `mlflow_admin`. A change replaces the server.
   */
  adminUser?: string;
  /**
   * Snapshot that the server is made from instead of empty. Read only when it is made: a later
   * change or removal does nothing. Default: none.
   */
  snapshotIdentifier?: string;
  /**
   * Whether the server is protected from deletion, by Pulumi and by RDS, and kept when it leaves
   * the program. Default: true, except for a sandbox.
   */
  protect?: boolean;
  /**
   * Whether a deletion leaves a snapshot, and the automated backups until they expire. Default:
   * true, except for a sandbox.
   */
  finalSnapshot?: boolean;
  /**
   * Name of that snapshot, unique in account and region; while one of this name exists, the server
   * can't be deleted. Default: `<identifier>-final`.
   */
  finalSnapshotIdentifier?: string;
}
