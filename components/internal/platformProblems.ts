import { SslMode, Tier, TlsSource } from "../enums.ts";
import type { MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import { checkBucketFeatures, checkLoadBalancer } from "./cloudProblems.ts";
import { isOneOf, oneOf, type Report } from "./problems.ts";
import { resolveInstance } from "./resolvedInstance.ts";
import { isCidr, isHttpUrl } from "./syntax.ts";

// What an instance stands on: bucket, database, ingress and network.

export function checkBucket(args: MlflowInstanceArgs, report: Report): void {
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
  const isProtected = isOneOf(Tier, args.tier) && resolveInstance(args).protect;
  report(
    "bucket.forceDestroy",
    !(bucket.forceDestroy === true && isProtected),
    "must not be true together with protect",
  );
  checkBucketFeatures(args, report);
}

export function checkDatabase(args: MlflowInstanceArgs, report: Report): void {
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

export function checkIngress(args: MlflowInstanceArgs, report: Report): void {
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

export function checkNetwork(args: MlflowInstanceArgs, report: Report): void {
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

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}
