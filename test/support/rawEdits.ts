import { dayIn } from "./dates.ts";
import type { RawResource } from "./rawStack.ts";

type Stack = readonly RawResource[];

/** One change to a compliant stack, and the only rule that it breaks. */
export interface Edit {
  readonly rule: string;
  readonly what: string;
  apply(stack: Stack): Stack;
}

type Path = readonly (string | number)[];

const changed = (value: any, [key, ...rest]: Path, to: unknown): any => {
  if (key === undefined) return typeof to === "function" ? to(value) : to;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = changed(copy[key], rest, to);
  if (copy[key] === undefined) delete copy[key];
  return copy;
};

/** Changes one resource, which must be there. */
const resource =
  (name: string, change: (resource: RawResource) => RawResource): Edit["apply"] =>
  (stack) => {
    if (!stack.some((each) => each.name === name)) throw new Error(`there is no resource ${name}`);
    return stack.map((each) => (each.name === name ? change(each) : each));
  };

/** Sets one input (undefined takes it away, a function gets what was there). */
const set = (name: string, path: Path, to: unknown) =>
  resource(name, (each) => {
    const inputs = changed(each.inputs, path, to);
    if (JSON.stringify(inputs) === JSON.stringify(each.inputs))
      throw new Error(`${name} is the same as before`);
    return { ...each, inputs };
  });

const without =
  (name: string): Edit["apply"] =>
  (stack) => {
    const left = stack.filter((each) => each.name !== name);
    if (left.length !== stack.length - 1) throw new Error(`there is no resource ${name}`);
    return left;
  };

const more =
  (added: Omit<RawResource, "protect">): Edit["apply"] =>
  (stack) => [...stack, { protect: false, ...added }];

/**
 * Another text wherever it stands in what the resources of one instance say: a variable of the
 * program has another value.
 */
const everywhere =
  (from: string, to: string, of = ""): Edit["apply"] =>
  (stack) =>
    stack.map((each) =>
      each.name.startsWith(of)
        ? (JSON.parse(JSON.stringify(each).replaceAll(from, to)) as RawResource)
        : each,
    );

const inText = (from: string, to: string) => (text: string) => text.replace(from, to);

const pod = ["spec", "template", "spec"];
const container = [...pod, "containers", 0];
const server = "fraud-detector-server";

/** Another value of a variable; undefined takes it away. */
const variable = (workload: string, name: string, value: string | undefined) =>
  set(workload, [...container, "env"], (variables: { name: string }[]) => [
    ...variables.filter((each) => each.name !== name),
    ...(value === undefined ? [] : [{ name, value }]),
  ]);

const label = ["metadata", "labels"];
const annotation = ["metadata", "annotations"];

const token = (field: string, value: string): Edit["apply"] => {
  const replaced = (text: string) => text.replace(new RegExp(`("${field}":")[^"]*`), `$1${value}`);
  const secret = "fraud-detector-token-hashes";
  const file = set(secret, ["stringData", "tokens.json"], replaced);
  const declared = set(secret, [...annotation, "mlflow-instances/tokens"], replaced);
  return (stack) => declared(file(stack));
};

const statements = (change: (list: any[]) => any[]) =>
  set("fraud-detector-bucket-policy", ["policy"], (text: string) => {
    const document = JSON.parse(text);
    return JSON.stringify({ ...document, Statement: change(document.Statement) });
  });

const onlyStatement = (sid: string, change: (statement: any) => any) => (list: any[]) =>
  list.flatMap((statement) => (statement.Sid === sid ? (change(statement) ?? []) : statement));

const strayIngress = {
  type: "kubernetes:networking.k8s.io/v1:Ingress",
  name: "landing-page",
  provider: "the-cluster",
  inputs: {
    metadata: { name: "landing-page", namespace: "web" },
    spec: {
      rules: [{ host: "fraud-detector.mlflow.example.com" }],
      tls: [{ hosts: ["fraud-detector.mlflow.example.com"], secretName: "web" }],
    },
  },
};

const edits: Record<string, Record<string, Edit["apply"]>> = {
  // Naming
  "bucket-follows-instance": {
    "a bucket with a name of its own": everywhere(
      "mlflow-prod-fraud-detector",
      "mlflow-prod-models",
    ),
  },
  "bucket-has-cost-center": {
    "no cost center at AWS": set("search-ranker-bucket", ["tags", "cost-center"], undefined),
  },
  "bucket-has-tags": {
    "a bucket of no team": set(
      "fraud-detector-bucket",
      ["tags", "mlflow-instances/team"],
      undefined,
    ),
  },
  "database-follows-instance": {
    "a role of another name": everywhere(
      "mlflow_fraud_detector_stale_runs",
      "stale_runs_of_fraud",
      "fraud-detector-",
    ),
  },
  "host-follows-instance": {
    "another host": everywhere("fraud-detector.mlflow.example.com", "fraud.mlflow.example.com"),
  },
  "instance-has-product-name": {
    "an algorithm": (stack) =>
      everywhere(
        "fraud_detector",
        "fraud_xgboost",
      )(everywhere("fraud-detector", "fraud-xgboost")(stack)),
    "a version": (stack) =>
      everywhere("fraud_detector", "fraud_v3")(everywhere("fraud-detector", "fraud-v3")(stack)),
  },
  "instance-is-unique": { "another ingress at its host": more(strayIngress) },
  "instance-labels-agree": {
    "a part of another tier": set(
      "fraud-detector-service",
      [...label, "mlflow-instances/tier"],
      "sandbox",
    ),
  },
  "namespace-follows-instance": {
    "another namespace": everywhere('mlflow-fraud-detector"', 'fraud"', "fraud-detector-"),
  },
  "namespace-names-owner": {
    "no owner": set(
      "fraud-detector-namespace",
      [...annotation, "mlflow-instances/owner"],
      undefined,
    ),
  },
  "object-has-labels": {
    "an object of no team": set(
      "fraud-detector-service",
      [...label, "mlflow-instances/team"],
      undefined,
    ),
  },
  // Retention
  "bucket-has-lifecycle": { "no lifecycle": without("fraud-detector-bucket-lifecycle") },
  "bucket-lifecycle-keeps-artifacts": {
    "artifacts expire": set(
      "fraud-detector-bucket-lifecycle",
      ["rules", 0, "filter", "prefix"],
      "artifacts/",
    ),
    "old versions go too soon": set(
      "fraud-detector-bucket-lifecycle",
      ["rules", 3, "noncurrentVersionExpiration", "noncurrentDays"],
      7,
    ),
  },
  "bucket-lifecycle-stands-alone": {
    "a lifecycle of the bucket's own": set(
      "fraud-detector-bucket",
      ["lifecycleRules"],
      [{ enabled: true, prefix: "tmp/", expiration: { days: 7 } }],
    ),
  },
  "database-backup-outlasts-retention": {
    "backups for a week": set("database-server", ["backupRetentionPeriod"], 7),
  },
  "namespace-declares-retention": {
    "no retention": set(
      "fraud-detector-namespace",
      [...annotation, "mlflow-instances/deleted-experiment-retention"],
      undefined,
    ),
  },
  "retention-is-not-cut-short": {
    "from 30 days to 14": everywhere('"30d"', '"14d"', "fraud-detector-"),
  },
  "retention-job-applies-retention": {
    "a job that never runs": set("fraud-detector-retention", ["spec", "suspend"], true),
    "another retention than declared": set(
      "fraud-detector-retention",
      ["spec", "jobTemplate", ...container, "env"],
      (variables: { name: string }[]) =>
        variables.map((each) =>
          each.name === "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION"
            ? { ...each, value: "20d" }
            : each,
        ),
    ),
  },
  // Security
  "bucket-acl-is-private": {
    "a list that anybody may read": more({
      type: "aws:s3/bucketAcl:BucketAcl",
      name: "fraud-detector-bucket-acl",
      provider: "the-object-store",
      inputs: { bucket: "mlflow-prod-fraud-detector", acl: "public-read" },
    }),
  },
  "bucket-blocks-public-access": {
    "no block at AWS": without("search-ranker-bucket-public-access"),
  },
  "bucket-has-policy": { "no bucket policy": without("fraud-detector-bucket-policy") },
  "bucket-is-encrypted": { "no encryption at AWS": without("search-ranker-bucket-encryption") },
  "bucket-policy-names-principals": {
    "everybody reads": statements(
      onlyStatement("InstanceUsesObjects", (statement) => ({ ...statement, Principal: "*" })),
    ),
  },
  "bucket-policy-refuses-plain-http": {
    "plain HTTP passes": statements(onlyStatement("RefusePlainHttp", () => undefined)),
  },
  "container-filesystem-is-read-only": {
    "a writable container": set(
      server,
      [...container, "securityContext", "readOnlyRootFilesystem"],
      false,
    ),
  },
  "container-gains-no-rights": {
    "rights may grow": set(
      server,
      [...container, "securityContext", "allowPrivilegeEscalation"],
      true,
    ),
    "a privileged job": set(
      "fraud-detector-migration",
      [...container, "securityContext", "privileged"],
      true,
    ),
  },
  "database-connection-uses-tls": {
    "TLS where it suits": set(
      "fraud-detector-credentials",
      ["stringData", "backend-store-uri"],
      inText("sslmode=verify-full", "sslmode=prefer"),
    ),
    "a provider without TLS": set("the-database-server", ["sslmode"], "disable"),
  },
  "database-role-has-no-rights": {
    "a role that makes roles": set("fraud-detector-database-role", ["createRole"], true),
  },
  "image-is-pinned": {
    "a tag": set(
      "fraud-detector-stale-runs",
      ["spec", "jobTemplate", ...container, "image"],
      (image: string) => image.replace(/@.*/, ""),
    ),
  },
  "ingress-has-tls": { "no certificate": set("fraud-detector-ingress", ["spec", "tls"], []) },
  "ingress-refuses-plain-http": {
    "both entry points": set(
      "fraud-detector-ingress",
      [...annotation, "traefik.ingress.kubernetes.io/router.entrypoints"],
      "web,websecure",
    ),
  },
  "instance-uses-no-static-key": {
    "a key at AWS": set(
      "search-ranker-credentials",
      ["stringData", "access-key-id"],
      "KEY-of-search-ranker",
    ),
  },
  "job-execution-has-memory": {
    "jobs in half a gigabyte": (stack) =>
      set(
        server,
        [...container, "resources", "limits", "memory"],
        "1Gi",
      )(variable(server, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "true")(stack)),
  },
  "mlflow-is-recent": {
    "no version": set(
      "fraud-detector-namespace",
      [...annotation, "mlflow-instances/mlflow-version"],
      undefined,
    ),
  },
  "namespace-enforces-restricted": {
    "the level baseline": set(
      "fraud-detector-namespace",
      [...label, "pod-security.kubernetes.io/enforce"],
      "baseline",
    ),
    "no level": set(
      "fraud-detector-namespace",
      [...label, "pod-security.kubernetes.io/enforce"],
      undefined,
    ),
  },
  "no-access-key-is-made": {
    "a key of a user": more({
      type: "aws:iam/accessKey:AccessKey",
      name: "ci-key",
      provider: "the-cloud",
      inputs: { user: "ci" },
    }),
  },
  "pod-has-default-seccomp": {
    "no profile": (stack) =>
      set(server, [...pod, "securityContext", "seccompProfile"], { type: "Unconfined" })(
        set(server, [...container, "securityContext"], ({ seccompProfile: _, ...rest }: any) => ({
          ...rest,
          runAsGroup: 10001,
        }))(stack),
      ),
  },
  "pod-has-no-cluster-token": {
    "a token of the cluster": set(server, [...pod, "automountServiceAccountToken"], true),
  },
  "pod-runs-as-non-root": { root: set(server, [...container, "securityContext", "runAsUser"], 0) },
  "pod-stays-off-the-host": {
    "the host's network": set(server, [...pod, "hostNetwork"], true),
    "a folder of the host": set(server, [...pod, "volumes"], (volumes: unknown[]) => [
      ...volumes,
      { name: "host", hostPath: { path: "/var/run" } },
    ]),
  },
  "public-access-block-is-complete": {
    "one way open": set("fraud-detector-bucket-public-access", ["ignorePublicAcls"], false),
  },
  "role-owns-its-database-only": {
    "a member of the owner": set(
      "fraud-detector-retention-role",
      ["roles"],
      ["mlflow_fraud_detector"],
    ),
  },
  "secrets-stay-in-secrets": {
    "a password in a variable": variable(server, "SMTP_PASSWORD", "correct-horse-battery"),
    "a key in a ConfigMap": set(
      "fraud-detector-ca-bundle",
      ["data", "ca.key"],
      "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    ),
  },
  "server-names-hosts-and-origins": {
    "no origins": variable(server, "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", undefined),
    "every host": variable(server, "MLFLOW_SERVER_ALLOWED_HOSTS", "*"),
  },
  "token-expires-in-time": { "a token for half a year": token("expires", dayIn(180)) },
  "token-has-allowed-role": { "an admin token": token("role", "admin") },
  // Reliability
  "backend-is-no-sqlite": {
    "a file": set(
      "fraud-detector-credentials",
      ["stringData", "backend-store-uri"],
      "sqlite:////data/mlflow.db",
    ),
  },
  "container-has-resources": {
    "no limit of memory": set(server, [...container, "resources", "limits"], undefined),
  },
  "container-reports-failure": {
    "the file alone": set(server, [...container, "terminationMessagePolicy"], "File"),
  },
  "data-holder-is-protected": {
    "a bucket": resource("fraud-detector-bucket", (bucket) => ({ ...bucket, protect: false })),
    "a database": resource("fraud-detector-database", (database) => ({
      ...database,
      protect: false,
    })),
  },
  "data-holder-refuses-deletion": {
    "a bucket emptied by force": set("fraud-detector-bucket", ["forceDestroy"], true),
    "a database server that goes": set("database-server", ["deletionProtection"], false),
  },
  "mlflow-is-not-downgraded": {
    "from 3.17.2 to 3.17.1": everywhere('"3.17.2"', '"3.17.1"', "fraud-detector-"),
  },
  "pools-fit-the-role": {
    "large pools": variable(server, "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "30"),
  },
  "production-has-replicas": { "one replica": set(server, ["spec", "replicas"], 1) },
  "replicas-are-spread": {
    "nothing spreads": set(server, [...pod, "topologySpreadConstraints"], undefined),
  },
  "replicas-have-disruption-budget": {
    "no budget": without("fraud-detector-disruption-budget"),
    "a budget of nothing": set("fraud-detector-disruption-budget", ["spec", "maxUnavailable"], 0),
  },
  "role-has-connection-limit": {
    "no limit": set("fraud-detector-stale-runs-role", ["connectionLimit"], undefined),
  },
  "roles-fit-the-server": {
    "more than the server takes": set("fraud-detector-database-role", ["connectionLimit"], 350),
  },
  "server-has-probes": { "no readiness": set(server, [...container, "readinessProbe"], undefined) },
  "server-is-migrated": {
    "another image": set("fraud-detector-migration", [...container, "image"], (image: string) =>
      image.replaceAll("a1", "b2"),
    ),
  },
  // Isolation
  "database-refuses-others": { "PUBLIC connects": without("fraud-detector-database-no-public") },
  "instance-has-each-part-once": {
    "no service": without("fraud-detector-service"),
    "two maintenance jobs": (stack) => [
      ...stack,
      ...stack
        .filter(({ name }) => name === "fraud-detector-retention")
        .map((job) => ({ ...job, name: "fraud-detector-retention-2" })),
    ],
  },
  "instance-shares-no-bucket": {
    "the other's bucket": variable(
      "search-ranker-server",
      "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION",
      "s3-proxied://mlflow-prod-fraud-detector/artifacts",
    ),
  },
  "instance-shares-no-database": {
    "the other's database": set(
      "search-ranker-credentials",
      ["stringData", "backend-store-uri"],
      (uri: string) => uri.replace("/mlflow_search_ranker?", "/mlflow_fraud_detector?"),
    ),
  },
  "instance-shares-no-key": {
    "the other's principal": set("search-ranker-bucket-policy", ["policy"], (text: string) =>
      text.replaceAll('"search-ranker-user"', '"fraud-detector-user"'),
    ),
  },
  "namespace-denies-by-default": {
    "no default": without("fraud-detector-default-deny"),
    "an opening in the default": set("fraud-detector-default-deny", ["spec", "egress"], [{}]),
  },
  "object-lies-in-own-namespace": {
    "in the other's": set(
      "fraud-detector-ca-bundle",
      ["metadata", "namespace"],
      "mlflow-search-ranker",
    ),
  },
};

/** Single edits, at least one for every rule. */
export const allEdits: readonly Edit[] = Object.entries(edits).flatMap(([rule, list]) =>
  Object.entries(list).map(([what, apply]) => ({ rule, what, apply })),
);
