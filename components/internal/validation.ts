import { Tier, TokenRole } from "../enums.ts";
import type { AccessToken } from "../mlflowInstanceArgs.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { checkIngress } from "./ingressProblems.ts";
import { checkShapeOfInstance } from "./argumentShapes.ts";
import { bounds, inDays, inHours, isWithin } from "./bounds.ts";
import { checkAccess } from "./cloudProblems.ts";
import { cronProblem, timeZoneProblem } from "./cron.ts";
import { resolveStaleRuns } from "./maintenanceSettings.ts";
import { instanceNamePattern, namespaceName, tokenNamePattern } from "./names.ts";
import {
  checkBucket,
  checkDatabase,
  checkNetwork,
  checkObjectStore,
  checkPostgresql,
} from "./platformProblems.ts";
import { poolFor } from "./poolSize.ts";
import { isOneOf, oneOf, type Problem, type Report } from "./problems.ts";
import { isCalendarDate, parseBytes, parseDays, parseHours, parseMilliCpu } from "./quantities.ts";
import { defaultMlflowVersion, resolveInstance } from "./resolvedInstance.ts";
import { defaultResources } from "./tiers.ts";
import { checkWorkloads } from "./workloadProblems.ts";
import { dnsLabel, isHostName, isLabelValue, isObjectName, isVersionAtLeast } from "./syntax.ts";

/**
 * The oldest MLflow without known holes (default admin password, open job, trace and upload
 * routes).
 */
const leastVersion = "3.17.0";

/**
 * Everything that is wrong with the plain arguments. Inputs are not looked into: they may be
 * unknown, and some are secrets.
 */
export function problemsOf(args: NamedArgs): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (propertyPath, ok, reason) => {
    if (!ok) problems.push({ propertyPath, reason });
  };
  const values: Problem[] = [];
  const reportValue: Report = (propertyPath, ok, reason) => {
    if (!ok) values.push({ propertyPath, reason });
  };
  checkShapeOfInstance(args, { report, reportValue });
  // The checks below look into values, which have to be there for it.
  if (problems.length > 0) return [...problems, ...values];
  problems.push(...values);
  checkIdentity(args, report);
  checkServer(args, report);
  checkAccess(args, report);
  checkObjectStore(args, report);
  checkPostgresql(args, report);
  checkBucket(args, report);
  checkDatabase(args, report);
  checkIngress(args, report);
  checkNetwork(args, report);
  checkTokens(args, report);
  checkWorkloads(args, report);
  checkMaintenance(args, report);
  // The arithmetic would only repeat what is wrong with its operands.
  const operands = [
    "tier",
    "replicas",
    "workers",
    "platform.postgresql.maxConnections",
    "database.connectionLimit",
  ];
  if (!problems.some(({ propertyPath }) => operands.includes(propertyPath))) {
    const { replicas, workers, database } = resolveInstance(args);
    const pool = poolFor({ replicas, workers, ...database });
    report("database.connectionLimit", !("reason" in pool), "reason" in pool ? pool.reason : "");
  }
  return problems;
}

function checkIdentity(args: NamedArgs, report: Report): void {
  report(
    "instanceName",
    instanceNamePattern.test(args.instanceName),
    `must match ${instanceNamePattern.source}`,
  );
  report(
    "team",
    isLabelValue(args.team),
    "must be a label value: 1 to 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit",
  );
  report(
    "platform.environment",
    isLabelValue(args.platform.environment),
    "must be a label value: 1 to 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit",
  );
  report("owner", args.owner.trim() !== "", "must not be empty");
  report("tier", isOneOf(Tier, args.tier ?? Tier.Standard), oneOf(Tier));
  const host = "must be a full host name in lower case, without scheme and port";
  report("platform.domain", isHostName(args.platform.domain), host);
  report("host", args.host === undefined || isHostName(args.host), host);
}

function checkServer(args: NamedArgs, report: Report): void {
  const { image, mlflowVersion = defaultMlflowVersion, caBundle } = args.platform;
  report("platform.image", image !== "", "must not be empty");
  report(
    "platform.mlflowVersion",
    isVersionAtLeast(mlflowVersion, leastVersion),
    `must be a version such as 3.17.2 and at least ${leastVersion}`,
  );
  for (const key of ["replicas", "workers"] as const)
    report(
      key,
      isWithin(args[key] ?? 1, bounds[key]),
      `must be a whole number from ${bounds[key].least} to ${bounds[key].most}`,
    );
  const memory = "must be a size with a unit, such as 512Mi";
  if (args.resources !== undefined) {
    const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = {
      ...defaultResources(workersOf(args)),
      ...args.resources,
    };
    const cpu = "must be an amount of CPU, such as 250m or 1.5";
    report("resources.cpuRequest", parseMilliCpu(cpuRequest) !== undefined, cpu);
    report(
      "resources.cpuLimit",
      cpuLimit === undefined || parseMilliCpu(cpuLimit) !== undefined,
      cpu,
    );
    report("resources.memoryRequest", parseBytes(memoryRequest) !== undefined, memory);
    report("resources.memoryLimit", parseBytes(memoryLimit) !== undefined, memory);
    report(
      "resources.memoryLimit",
      !(Number(parseBytes(memoryLimit)) < bounds.memoryLimit.least * 2 ** 20),
      `must be at least ${bounds.memoryLimit.least}Mi, which the server needs to start`,
    );
    report(
      "resources.memoryLimit",
      !(Number(parseBytes(memoryRequest)) > Number(parseBytes(memoryLimit))),
      `must not be less than resources.memoryRequest, which is ${memoryRequest}`,
    );
    report(
      "resources.cpuLimit",
      !(Number(parseMilliCpu(cpuRequest)) > Number(parseMilliCpu(cpuLimit ?? ""))),
      "must not be less than resources.cpuRequest",
    );
  }
  report(
    "temporaryStorage",
    args.temporaryStorage === undefined || parseBytes(args.temporaryStorage) !== undefined,
    memory,
  );
  for (const key of ["deletedExperimentRetention", "traceRetention", "auditRetention"] as const) {
    const given = args[key];
    report(
      key,
      given === undefined || isWithin(parseDays(given), bounds[key]),
      `must be a number of days from ${inDays(bounds[key])}`,
    );
  }
  report(
    "platform.caBundle",
    caBundle === undefined || caBundle.includes("-----BEGIN CERTIFICATE-----"),
    "must hold at least one PEM certificate",
  );
  (args.platform.imagePullSecrets ?? []).forEach((secret, index) => {
    report(
      `platform.imagePullSecrets[${index}]`,
      isObjectName(secret),
      "must be the name of a Secret: lower-case letters, digits, '-' and '.'",
    );
  });
  const { monitoring } = args.platform;
  report(
    "platform.monitoring.namespace",
    monitoring === undefined || dnsLabel.test(monitoring.namespace),
    "must be a namespace's name",
  );
  report("platform.imagePullSecret", args.platform.imagePullSecret !== "", "must not be empty");
  (args.extraAllowedHosts ?? []).forEach((host, index) => {
    report(
      `extraAllowedHosts[${index}]`,
      host !== "" && !/[\s,*]/.test(host),
      "must be one host, with its port if any, without a wildcard",
    );
  });
}

// Of a wrong number, or one that follows from a wrong tier, nothing follows.
function workersOf(args: NamedArgs): number {
  const workers = isOneOf(Tier, args.tier ?? Tier.Standard) ? resolveInstance(args).workers : 1;
  return isWithin(workers, bounds.workers) ? workers : 1;
}

function checkTokens(args: NamedArgs, report: Report): void {
  const seen = new Set<string>();
  const places = new Set<string>();
  (args.tokens ?? []).forEach((token, index) => {
    const path = `tokens[${index}]`;
    report(
      `${path}.name`,
      tokenNamePattern.test(token.name),
      `must match ${tokenNamePattern.source}`,
    );
    report(`${path}.name`, !seen.has(token.name), `"${token.name}" is declared twice`);
    seen.add(token.name);
    report(`${path}.role`, isOneOf(TokenRole, token.role), oneOf(TokenRole));
    report(
      `${path}.expires`,
      isCalendarDate(token.expires),
      "must be a day of the calendar, YYYY-MM-DD",
    );
    checkGeneration(token, path, report);
    for (const key of ["created", "previousCreated"] as const)
      report(
        `${path}.${key}`,
        token[key] === undefined || isCalendarDate(token[key]),
        "must be a day of the calendar, YYYY-MM-DD",
      );
    if (token.deliverTo === undefined) return;
    const { namespace, name } = token.deliverTo;
    report(`${path}.deliverTo.namespace`, dnsLabel.test(namespace), "must be a namespace's name");
    report(
      `${path}.deliverTo.namespace`,
      namespace !== namespaceName(args.instanceName),
      "must not be the instance's own namespace",
    );
    report(`${path}.deliverTo.name`, isObjectName(name), "must be the name of a Secret");
    const place = `${namespace}/${name}`;
    report(
      `${path}.deliverTo`,
      !places.has(place),
      `${place} is where another token is delivered, too`,
    );
    places.add(place);
  });
}

function checkGeneration(token: AccessToken, path: string, report: Report): void {
  const { generation = 1, previousValidUntil: until, expires } = token;
  const { tokenGeneration: bound } = bounds;
  report(
    `${path}.generation`,
    isWithin(generation, bound),
    `must be a whole number from ${bound.least} to ${bound.most}`,
  );
  if (until === undefined) return;
  report(
    `${path}.previousValidUntil`,
    isCalendarDate(until),
    "must be a day of the calendar, YYYY-MM-DD",
  );
  report(
    `${path}.previousValidUntil`,
    generation > 1,
    "needs a generation of 2 or more: the first has no value before it",
  );
  report(
    `${path}.previousValidUntil`,
    !isCalendarDate(until) || !isCalendarDate(expires) || until <= expires,
    `must not be after expires, ${expires}`,
  );
}

function checkMaintenance(args: NamedArgs, report: Report): void {
  const { after, idle } = resolveStaleRuns(args.staleRuns);
  const [afterHours, idleHours] = [parseHours(after) ?? 0, parseHours(idle) ?? 0];
  const isAfter = isWithin(afterHours, bounds.staleRunsAfter);
  report(
    "staleRuns.after",
    isAfter,
    `must be a number of hours or days from ${inHours(bounds.staleRunsAfter)}`,
  );
  report(
    "staleRuns.idle",
    idleHours > 0 && !(isAfter && idleHours > afterHours),
    `must be a number of hours or days from 1h to staleRuns.after (${after})`,
  );

  const { timeZone, retentionSchedule, staleRunsSchedule } = args.maintenance ?? {};
  const zone = timeZone === undefined ? undefined : timeZoneProblem(timeZone);
  report("maintenance.timeZone", zone === undefined, `${zone}`);
  for (const [field, schedule] of Object.entries({ retentionSchedule, staleRunsSchedule })) {
    const problem = schedule === undefined ? undefined : cronProblem(schedule);
    report(`maintenance.${field}`, problem === undefined, `${problem}`);
  }
}
