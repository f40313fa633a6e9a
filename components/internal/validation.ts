import {
  ArtifactsAccess,
  SslMode,
  Tier,
  TlsSource,
  TokenRole,
  type MlflowInstanceArgs,
} from "../mlflowInstanceArgs.ts";
import { bounds, inDays, inHours, isWithin } from "./bounds.ts";
import { checkAccess, checkBucketFeatures, checkLoadBalancer } from "./cloudProblems.ts";
import { cronProblem, timeZoneProblem } from "./cron.ts";
import { resolveStaleRuns } from "./maintenanceSettings.ts";
import { instanceNamePattern, tokenNamePattern } from "./names.ts";
import { poolFor } from "./poolSize.ts";
import { isOneOf, oneOf, throwProblems, type Problem, type Report } from "./problems.ts";
import { isCalendarDate, parseBytes, parseDays, parseHours, parseMilliCpu } from "./quantities.ts";
import { resolveArgs } from "./resolvedArgs.ts";
import {
  isCidr,
  isHostName,
  isHttpUrl,
  isLabelValue,
  isObjectName,
  isVersionAtLeast,
} from "./syntax.ts";

/**
 * The oldest MLflow without known holes (default admin password, open job, trace and upload
 * routes).
 */
const leastVersion = "3.17.0";

/**
 * Everything that is wrong with the plain arguments. Inputs are not looked into: they may be
 * unknown, and some are secrets.
 */
export function problemsOf(args: MlflowInstanceArgs): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (propertyPath, ok, reason) => {
    if (!ok) problems.push({ propertyPath, reason });
  };
  checkIdentity(args, report);
  checkServer(args, report);
  checkAccess(args, report);
  checkBucket(args, report);
  checkDatabase(args, report);
  checkIngress(args, report);
  checkNetwork(args, report);
  checkTokens(args, report);
  checkMaintenance(args, report);
  // The arithmetic would only repeat what is wrong with its operands.
  const operands = [
    "tier",
    "replicas",
    "workers",
    "database.maxConnections",
    "database.connectionLimit",
  ];
  if (!problems.some(({ propertyPath }) => operands.includes(propertyPath))) {
    const { replicas, workers } = resolveArgs(args);
    const pool = poolFor({
      replicas,
      workers,
      maxConnections: args.database.maxConnections,
      connectionLimit: args.database.connectionLimit,
    });
    report("database.connectionLimit", !("reason" in pool), "reason" in pool ? pool.reason : "");
  }
  return problems;
}

export function validate(name: string, args: MlflowInstanceArgs): void {
  throwProblems(`MLflow instance "${name}"`, problemsOf(args));
}

function checkIdentity(args: MlflowInstanceArgs, report: Report): void {
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
    "environment",
    isLabelValue(args.environment),
    "must be a label value: 1 to 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit",
  );
  report("owner", args.owner.trim() !== "", "must not be empty");
  report("tier", isOneOf(Tier, args.tier), oneOf(Tier));
  report(
    "host",
    isHostName(args.host),
    "must be a full host name in lower case, without scheme and port",
  );
}

function checkServer(args: MlflowInstanceArgs, report: Report): void {
  report("image", typeof args.image !== "string" || args.image !== "", "must not be empty");
  report(
    "mlflowVersion",
    isVersionAtLeast(args.mlflowVersion, leastVersion),
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
    const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = args.resources;
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
      !(Number(parseBytes(memoryRequest)) > Number(parseBytes(memoryLimit))),
      "must not be less than resources.memoryRequest",
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
  report(
    "artifactsAccess",
    args.artifactsAccess === undefined || isOneOf(ArtifactsAccess, args.artifactsAccess),
    oneOf(ArtifactsAccess),
  );
  for (const key of ["deletedExperimentRetention", "traceRetention"] as const) {
    const given = args[key];
    report(
      key,
      given === undefined || isWithin(parseDays(given), bounds[key]),
      `must be a number of days from ${inDays(bounds[key])}`,
    );
  }
  report(
    "caBundle",
    args.caBundle === undefined || args.caBundle.includes("-----BEGIN CERTIFICATE-----"),
    "must hold at least one PEM certificate",
  );
  (args.imagePullSecrets ?? []).forEach((secret, index) => {
    report(
      `imagePullSecrets[${index}]`,
      isObjectName(secret),
      "must be the name of a Secret: lower-case letters, digits, '-' and '.'",
    );
  });
  report("imagePullSecret", args.imagePullSecret !== "", "must not be empty");
  (args.extraAllowedHosts ?? []).forEach((host, index) => {
    report(
      `extraAllowedHosts[${index}]`,
      host !== "" && !/[\s,*]/.test(host),
      "must be one host, with its port if any, without a wildcard",
    );
  });
}

function checkBucket(args: MlflowInstanceArgs, report: Report): void {
  const { bucket } = args;
  report(
    "bucket.name",
    /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket.name),
    "must be 3 to 63 lower case letters, digits and dashes",
  );
  report("bucket.region", bucket.region !== "", "must not be empty");
  report(
    "bucket.endpoint",
    bucket.endpoint === undefined || isHttpUrl(bucket.endpoint),
    "must be an http(s) URL without a path",
  );
  report(
    "bucket.tlsOnly",
    !(bucket.tlsOnly !== false && bucket.endpoint?.startsWith("http://")),
    "must be false for an endpoint without TLS",
  );
  report(
    "bucket.adminPrincipals",
    bucket.adminPrincipals.length > 0,
    "must name at least one: who isn't named can't administer the bucket any more",
  );
  report(
    "bucket.noncurrentVersionDays",
    isCount(bucket.noncurrentVersionDays ?? 1, 3650),
    "must be a whole number of days from 1 to 3650",
  );
  const isProtected = isOneOf(Tier, args.tier) && resolveArgs(args).protect;
  report(
    "bucket.forceDestroy",
    !(bucket.forceDestroy === true && isProtected),
    "must not be true together with protect",
  );
  checkBucketFeatures(args, report);
}

function checkDatabase(args: MlflowInstanceArgs, report: Report): void {
  const { database } = args;
  const identifier = /^[a-z_][a-z0-9_]{0,62}$/;
  report(
    "database.name",
    database.name.length <= 52,
    "must be at most 52 characters: the names of the maintenance roles append to it",
  );
  const rule =
    "must be a PostgreSQL identifier that needs no quotes: at most 63 lower case letters, digits and '_'";
  report("database.name", identifier.test(database.name), rule);
  report("database.role", database.role === undefined || identifier.test(database.role), rule);
  report(
    "database.host",
    typeof database.host !== "string" || (database.host !== "" && !/[\s/@]/.test(database.host)),
    "must be a host name or an address, without scheme and port",
  );
  report("database.port", isCount(database.port ?? 1, 65535), "must be a port");
  report(
    "database.characterType",
    /^[A-Za-z][A-Za-z0-9_.@-]{0,62}$/.test(database.characterType ?? "C"),
    "must be the name of a locale, such as en_US.UTF-8",
  );
  report(
    "database.sslMode",
    database.sslMode === undefined || isOneOf(SslMode, database.sslMode),
    oneOf(SslMode),
  );
  report(
    "database.maxConnections",
    isCount(database.maxConnections, 262143),
    "must be the server's max_connections",
  );
  report(
    "database.connectionLimit",
    isCount(database.connectionLimit ?? 1, 262143),
    "must be a whole number of connections",
  );
}

function checkIngress(args: MlflowInstanceArgs, report: Report): void {
  const { className, tls } = args.ingress;
  report("ingress.className", className !== "", "must not be empty");
  report("ingress.tls.source", isOneOf(TlsSource, tls.source), oneOf(TlsSource));
  const fields: Record<TlsSource, (keyof typeof tls)[]> = {
    pem: ["certificate", "privateKey"],
    certManager: ["clusterIssuer"],
    secret: ["secretName"],
    acm: ["certificateArn"],
  };
  checkLoadBalancer(args, report);
  if (!isOneOf(TlsSource, tls.source)) return;
  for (const [source, names] of Object.entries(fields)) {
    for (const field of names) {
      const isSet = tls[field] !== undefined && tls[field] !== "";
      if (source === tls.source)
        report(`ingress.tls.${field}`, isSet, `must be set for source ${source}`);
      // Under the source's path: the engine prints the value beside a path, and one of these is a
      // private key.
      else
        report(
          "ingress.tls.source",
          !isSet,
          `is ${tls.source}, but ${field} belongs to source ${source}`,
        );
    }
  }
}

function checkNetwork(args: MlflowInstanceArgs, report: Report): void {
  const { network } = args;
  const lists = {
    databaseCidrs: network.databaseCidrs,
    objectStoreCidrs: network.objectStoreCidrs,
    endpointCidrs: network.endpointCidrs,
    ingressCidrs: network.ingressCidrs,
    dnsCidrs: network.dnsCidrs,
  };
  for (const [field, cidrs] of Object.entries(lists)) {
    (cidrs ?? []).forEach((cidr, index) =>
      report(`network.${field}[${index}]`, isCidr(cidr), "must be a CIDR such as 10.0.0.5/32"),
    );
  }
  // An empty list of peers would mean "everywhere" to Kubernetes.
  report("network.databaseCidrs", network.databaseCidrs.length > 0, "must name at least one CIDR");
  report(
    "network.objectStoreCidrs",
    network.objectStoreCidrs?.length !== 0,
    "must name at least one CIDR",
  );
  report(
    "network.objectStoreCidrs",
    network.objectStoreCidrs !== undefined || args.bucket.endpoint === undefined,
    "must be set for a bucket.endpoint: only AWS S3 answers at public addresses for certain",
  );
  const hasController =
    network.ingressNamespace !== undefined || (network.ingressCidrs ?? []).length > 0;
  report(
    "network.ingressNamespace",
    hasController,
    "must be set, or network.ingressCidrs: otherwise nobody reaches the instance",
  );
  report("network.objectStorePort", isCount(network.objectStorePort ?? 1, 65535), "must be a port");
}

function checkTokens(args: MlflowInstanceArgs, report: Report): void {
  const seen = new Set<string>();
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
  });
}

function checkMaintenance(args: MlflowInstanceArgs, report: Report): void {
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

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}
