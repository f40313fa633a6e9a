import type { DatabaseServerArgs } from "../databaseServerArgs.ts";
import { idRules } from "./idRules.ts";
import {
  checkShape,
  count,
  flag,
  id,
  idOf,
  listOf,
  objectOf,
  required,
  text,
  type Reports,
} from "./shape.ts";

/** The arguments of a database server, each with its kind. */
export const databaseServerShape = objectOf<DatabaseServerArgs>({
  environment: text,
  tier: text,
  owner: required(text),
  costCenter: text,
  identifier: text,
  engineVersion: required(text),
  allowMajorVersionUpgrade: flag,
  instanceClass: required(text),
  maxConnections: required(count),
  vpcId: required(id),
  subnetIds: required(listOf(id)),
  clientSecurityGroupIds: listOf(idOf(idRules.securityGroup)),
  clientCidrs: listOf(idOf(idRules.clientCidr)),
  storage: text,
  maxStorage: text,
  kmsKeyArn: idOf(idRules.kmsKeyArn),
  multiAz: flag,
  backupRetention: text,
  backupWindow: text,
  maintenanceWindow: text,
  applyImmediately: flag,
  logRetention: text,
  adminUser: text,
  snapshotIdentifier: text,
  protect: flag,
  finalSnapshot: flag,
  finalSnapshotIdentifier: text,
});

/** Reports what is missing, unknown or of another type, before anything looks into the arguments. */
export const checkShapeOfServer = (args: unknown, report: Reports["report"]): void => {
  checkShape("", args, databaseServerShape, {
    report,
    reportValue: report,
    moved: () => undefined,
  });
};
