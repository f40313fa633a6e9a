import { SslMode, Tier } from "../enums.ts";
import { checkStoreFeatures } from "./cloudProblems.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { databaseName, instanceNamePattern } from "./names.ts";
import { idRules } from "./idRules.ts";
import { isCount, isOneOf, oneOf, reportId, type Report } from "./problems.ts";
import { resolveInstance } from "./resolvedInstance.ts";
import { isHttpUrl } from "./syntax.ts";

// What an instance stands on: bucket, database and network.

export function checkObjectStore(args: NamedArgs, report: Report): void {
  const { objectStore } = args.platform;
  const { endpoint, bucketPrefix } = objectStore;
  report("platform.objectStore.region", objectStore.region !== "", "must not be empty");
  report(
    "platform.objectStore.endpoint",
    endpoint === undefined || isHttpUrl(endpoint),
    "must be an http(s) URL without a path",
  );
  report(
    "platform.objectStore.tlsOnly",
    !(objectStore.tlsOnly !== false && endpoint?.startsWith("http://")),
    "must be false for an endpoint without TLS",
  );
  report(
    "platform.objectStore.bucketPrefix",
    bucketPrefix === undefined || /^[a-z0-9][a-z0-9-]{1,30}$/.test(bucketPrefix),
    "must be 2 to 31 lower case letters, digits and dashes",
  );
  report(
    "platform.objectStore.adminPrincipals",
    objectStore.adminPrincipals.length > 0,
    "must name at least one: principals that are not listed cannot administer the bucket",
  );
  objectStore.adminPrincipals.forEach((principal, index) => {
    const path = `platform.objectStore.adminPrincipals[${index}]`;
    reportId(report, path, principal, idRules.principal);
  });
  checkStoreFeatures(args, report);
}

export function checkBucket(args: NamedArgs, report: Report): void {
  const { bucket = {} } = args;
  const resolved = resolveInstance(args);
  const { name } = resolved.bucket;
  const derived = bucket.name === undefined ? `; it is "${name}", by environment and name` : "";
  report(
    "bucket.name",
    !isNamed(args) || /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name),
    `must be 3 to 63 lower case letters, digits and dashes${derived}`,
  );
  report(
    "bucket.noncurrentVersionDays",
    isCount(bucket.noncurrentVersionDays ?? 1, 3650),
    "must be a whole number of days from 1 to 3650",
  );
  const isProtected = isOneOf(Tier, resolved.tier) && resolved.protect;
  report(
    "bucket.forceDestroy",
    !(bucket.forceDestroy === true && isProtected),
    "must not be true together with protect",
  );
}

export function checkDatabase(args: NamedArgs, report: Report): void {
  const identifier = /^[a-z_][a-z0-9_]{0,62}$/;
  const { name = databaseName(args.instanceName), role, connectionLimit } = args.database ?? {};
  report(
    "database.name",
    name.length <= 52,
    "must be at most 52 characters: the names of the maintenance roles append to it",
  );
  const rule =
    "must be a PostgreSQL identifier that needs no quotes: at most 63 lower case letters, digits and '_'";
  report("database.name", !isNamed(args) || identifier.test(name), rule);
  report("database.role", role === undefined || identifier.test(role), rule);
  report(
    "database.connectionLimit",
    isCount(connectionLimit ?? 1, 262143),
    "must be a whole number of connections",
  );
}

export function checkPostgresql({ platform: { postgresql } }: NamedArgs, report: Report): void {
  const { host, sslMode } = postgresql;
  reportId(report, "platform.postgresql.host", host, idRules.databaseHost);
  report("platform.postgresql.port", isCount(postgresql.port ?? 1, 65535), "must be a port");
  report(
    "platform.postgresql.characterType",
    /^[A-Za-z][A-Za-z0-9_.@-]{0,62}$/.test(postgresql.characterType ?? "C"),
    "must be the name of a locale, such as en_US.UTF-8",
  );
  report(
    "platform.postgresql.sslMode",
    sslMode === undefined || isOneOf(SslMode, sslMode),
    oneOf(SslMode),
  );
  report(
    "platform.postgresql.maxConnections",
    isCount(postgresql.maxConnections, 262143),
    "must be the server's max_connections",
  );
}

export function checkNetwork(args: NamedArgs, report: Report): void {
  const { network, objectStore } = args.platform;
  const lists = {
    databaseCidrs: network.databaseCidrs,
    objectStoreCidrs: network.objectStoreCidrs,
    endpointCidrs: network.endpointCidrs,
    ingressCidrs: network.ingressCidrs,
    dnsCidrs: network.dnsCidrs,
  };
  for (const [field, cidrs] of Object.entries(lists)) {
    (cidrs ?? []).forEach((cidr, index) =>
      reportId(report, `platform.network.${field}[${index}]`, cidr, idRules.cidr),
    );
  }
  // An empty list of peers would mean "everywhere" to Kubernetes.
  report(
    "platform.network.databaseCidrs",
    network.databaseCidrs.length > 0,
    "must name at least one CIDR",
  );
  report(
    "platform.network.objectStoreCidrs",
    network.objectStoreCidrs?.length !== 0,
    "must name at least one CIDR",
  );
  report(
    "platform.network.objectStoreCidrs",
    network.objectStoreCidrs !== undefined || objectStore.endpoint === undefined,
    "must be set for a platform.objectStore.endpoint: only AWS S3 answers at public addresses for certain",
  );
  const hasController =
    network.ingressNamespace !== undefined || (network.ingressCidrs ?? []).length > 0;
  report(
    "platform.network.ingressNamespace",
    hasController,
    "must be set, or platform.network.ingressCidrs: otherwise no client reaches the instance",
  );
  report(
    "platform.network.objectStorePort",
    isCount(network.objectStorePort ?? 1, 65535),
    "must be a port",
  );
}

/** Names that follow from a wrong name are wrong with it, and it is said once. */
const isNamed = (args: NamedArgs): boolean => instanceNamePattern.test(args.instanceName);
