import { dayIn } from "../dates.ts";
import {
  annotation,
  container,
  inText,
  label,
  more,
  pod,
  server,
  set,
  variable,
  without,
  type Apply,
  type Edits,
} from "./change.ts";
import { routed } from "./routes.ts";

// Edits that break a rule of the pack security.

const token = (field: string, value: string): Apply => {
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

export const security: Edits = {
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
  "route-has-tls": {
    "every listener": routed(
      set("fraud-detector-route", ["spec", "parentRefs", 0, "sectionName"], undefined),
    ),
    "a mirror": routed(
      set("fraud-detector-route", ["spec", "rules", 0, "filters"], [{ type: "RequestMirror" }]),
    ),
    "a listener without a certificate": routed(
      set("fraud-detector-listeners", ["spec", "listeners", 0, "tls"], undefined),
    ),
    "a route of TCP": routed((stack) => [
      ...stack,
      ...stack
        .filter(({ name }) => name === "fraud-detector-route")
        .map((route) => ({
          ...route,
          type: "kubernetes:gateway.networking.k8s.io/v1alpha2:TCPRoute",
          name: "fraud-detector-tcp",
        })),
    ]),
  },
  "route-listener-has-tls": {
    "another listener of the Gateway": routed((stack) =>
      set("fraud-detector-route", ["spec", "parentRefs", 0], {
        name: "shared",
        namespace: "gateway",
        sectionName: "https",
      })(set("shared-gateway", ["spec", "listeners", 1, "protocol"], "HTTP")(stack)),
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
};
