import { Tier } from "../enums.ts";
import { isInstanceClass, memoryOfClass, mostConnectionsOf } from "./databaseServerClasses.ts";
import {
  gibibytes,
  mostStorage,
  resolveDatabaseServer,
  type NamedServerArgs,
} from "./databaseServerSettings.ts";
import { checkShapeOfServer } from "./databaseServerShape.ts";
import { overlap, parseDailyWindow, parseWeeklyWindow } from "./databaseServerWindows.ts";
import { idRules } from "./idRules.ts";
import { isOneOf, oneOf, reportId, type Problem, type Report } from "./problems.ts";
import { parseDays } from "./quantities.ts";
import { isLabelValue, isTagValue, tagRule } from "./syntax.ts";

/** The oldest major version that the project supports. */
const leastEngineVersion = 14;

/** Days for which CloudWatch can keep a log, as far as they make sense here. */
const logRetentions = [1, 3, 5, 7, 14, 30, 60, 90, 180, 365];

/** Names that RDS for PostgreSQL keeps for itself. */
const reservedUsers = /^(?:pg_|rds)|^(?:admin|postgres_admin|public|none)$/;

/** Everything that is wrong with the plain arguments. */
export function databaseServerProblems(name: string, args: NamedServerArgs): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (propertyPath, ok, reason) => {
    if (!ok) problems.push({ propertyPath, reason });
  };
  checkShapeOfServer(args, report);
  // The checks below look into values, which have to be there for it.
  if (problems.length > 0) return problems;
  report(
    "environment",
    isLabelValue(args.environment),
    "must be 1 to 63 letters, digits, '-', '_' or '.'",
  );
  report("tier", isOneOf(Tier, args.tier), oneOf(Tier));
  report("owner", args.owner.trim() !== "" && isTagValue(args.owner), tagRule);
  report("costCenter", args.costCenter === undefined || isTagValue(args.costCenter), tagRule);
  checkNames(name, args, report);
  checkEngine(args, report);
  checkNetwork(args, report);
  checkStorage(args, report);
  checkTimes(args, report);
  return problems;
}

function checkNames(name: string, args: NamedServerArgs, report: Report): void {
  const identifier = /^[a-z](?:-?[a-z0-9])*$/;
  const rule =
    "lower case letters, digits and single dashes, beginning with a letter and not ending with a dash";
  const own = args.identifier ?? name;
  report(
    "identifier",
    identifier.test(own) && own.length <= 48,
    `must be at most 48 ${rule}; it is "${own}"${args.identifier === undefined ? ", the component's name" : ""}`,
  );
  for (const field of ["finalSnapshotIdentifier", "snapshotIdentifier"] as const) {
    const value = args[field];
    // A snapshot that RDS or AWS Backup has made is called `rds:…` or by its ARN.
    const ok =
      value === undefined ||
      (field === "snapshotIdentifier" ? value !== "" && !/\s/.test(value) : identifier.test(value));
    report(
      field,
      ok,
      field === "snapshotIdentifier" ? "must be the name or ARN of a snapshot" : `must be ${rule}`,
    );
  }
  const user = args.adminUser ?? "mlflow_admin";
  report(
    "adminUser",
    /^[a-z][a-z0-9_]{0,62}$/.test(user) && !reservedUsers.test(user),
    "must be 1 to 63 lower case letters, digits and '_', beginning with a letter, and no name that RDS reserves",
  );
}

function checkEngine(args: NamedServerArgs, report: Report): void {
  const major = /^[1-9]\d$/.test(args.engineVersion) ? Number(args.engineVersion) : undefined;
  report(
    "engineVersion",
    major !== undefined && major >= leastEngineVersion,
    major === undefined &&
      /^\d+[.\d]*$/.test(args.engineVersion) &&
      Number.parseInt(args.engineVersion, 10) >= leastEngineVersion
      ? `must be a major version such as ${Number.parseInt(args.engineVersion, 10)}: AWS chooses the minor one`
      : `must be a major version of PostgreSQL that is ${leastEngineVersion} or later, such as 16`,
  );
  report(
    "instanceClass",
    isInstanceClass(args.instanceClass),
    "must be an instance class such as db.t4g.medium",
  );
  const isCount =
    Number.isInteger(args.maxConnections) &&
    args.maxConnections >= 20 &&
    args.maxConnections <= 5000;
  report("maxConnections", isCount, "must be a whole number from 20 to 5000");
  const most = mostConnectionsOf(args.instanceClass);
  report(
    "maxConnections",
    !isCount || most === undefined || args.maxConnections <= most,
    `must be at most ${most}, which is RDS' own value for the ${memoryOfClass(args.instanceClass)} GiB of ${args.instanceClass}; lower it or take a larger instanceClass`,
  );
  reportId(report, "kmsKeyArn", args.kmsKeyArn, idRules.kmsKeyArn);
}

function checkNetwork(args: NamedServerArgs, report: Report): void {
  report(
    "vpcId",
    typeof args.vpcId !== "string" || /^vpc-[0-9a-f]+$/.test(args.vpcId),
    "must be the id of a VPC: vpc-…",
  );
  const plain = args.subnetIds.filter((id) => typeof id === "string");
  report(
    "subnetIds",
    args.subnetIds.length >= 2 && new Set(plain).size === plain.length,
    "must be at least two different subnets, in two availability zones",
  );
  args.subnetIds.forEach((id, index) =>
    report(
      `subnetIds[${index}]`,
      typeof id !== "string" || /^subnet-[0-9a-f]+$/.test(id),
      "must be the id of a subnet: subnet-…",
    ),
  );
  const [groups, cidrs] = [args.clientSecurityGroupIds ?? [], args.clientCidrs ?? []];
  report(
    "clientSecurityGroupIds",
    groups.length + cidrs.length > 0,
    "must name at least one, or clientCidrs: otherwise no client can connect",
  );
  groups.forEach((id, index) => {
    if (typeof id !== "string") return;
    const path = `clientSecurityGroupIds[${index}]`;
    reportId(report, path, id, idRules.securityGroup);
    report(path, groups.indexOf(id) === index, `${id} is given twice`);
  });
  cidrs.forEach((cidr, index) => {
    if (typeof cidr !== "string") return;
    const path = `clientCidrs[${index}]`;
    reportId(report, path, cidr, idRules.clientCidr);
    report(path, cidrs.indexOf(cidr) === index, `${cidr} is given twice`);
  });
}

function checkStorage(args: NamedServerArgs, report: Report): void {
  const storage = gibibytes(args.storage ?? "20Gi");
  // 20 GiB is the least of gp3 for PostgreSQL on RDS.
  const isStorage = storage !== undefined && storage >= 20 && storage <= mostStorage;
  report("storage", isStorage, `must be whole Gi from 20Gi to ${mostStorage}Gi`);
  const most = args.maxStorage === undefined ? undefined : gibibytes(args.maxStorage);
  report(
    "maxStorage",
    args.maxStorage === undefined ||
      (most !== undefined && most <= mostStorage && !(isStorage && most * 10 < storage * 11)),
    `must be whole Gi, at least a tenth more than storage and at most ${mostStorage}Gi`,
  );
}

function checkTimes(args: NamedServerArgs, report: Report): void {
  if (args.backupRetention !== undefined) {
    const days = parseDays(args.backupRetention) ?? 0;
    report(
      "backupRetention",
      days >= 1 && days <= 35,
      "must be a number of days from 1d to 35d (RDS keeps no longer: AWS Backup has plans for that)",
    );
  }
  if (args.logRetention !== undefined) {
    const known = logRetentions.map((days) => `${days}d`);
    report("logRetention", known.includes(args.logRetention), `must be one of ${known.join(", ")}`);
  }
  if (!isOneOf(Tier, args.tier)) return;
  const { backupWindow, maintenanceWindow } = resolveDatabaseServer("any", args);
  const [daily, weekly] = [parseDailyWindow(backupWindow), parseWeeklyWindow(maintenanceWindow)];
  report(
    "backupWindow",
    daily !== undefined && daily.length >= 30,
    "must be hh:mm-hh:mm in UTC, at least 30 minutes, such as 00:00-00:30",
  );
  report(
    "maintenanceWindow",
    weekly !== undefined && weekly.length >= 30 && weekly.length <= 24 * 60,
    "must be ddd:hh:mm-ddd:hh:mm in UTC, from 30 minutes to a day, such as sun:05:30-sun:06:30",
  );
  if (daily !== undefined && weekly !== undefined)
    report(
      "maintenanceWindow",
      !overlap(daily, weekly),
      `must not overlap with backupWindow (${backupWindow})`,
    );
}
