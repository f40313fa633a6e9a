import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  serverEnvironment,
  type EnvironmentFacts,
} from "../../../components/internal/serverEnvironment.ts";
import { valueOf } from "../../support/mocks.ts";

const facts: EnvironmentFacts = {
  instanceName: "fraud",
  host: "fraud.mlflow.test",
  namespace: "mlflow-fraud",
  extraAllowedHosts: [],
  workers: 2,
  pool: { connectionLimit: 60, poolSize: 4, maxOverflow: 3 },
  artifactsAccess: "proxied",
  logLevel: "info",
  bucket: { name: "b", endpoint: "https://s3.example.com", region: "eu-central-1" },
  usesRole: false,
  caGiven: true,
  keepAliveSeconds: undefined,
  workloads: [],
  isMonitored: false,
  network: { ingressNamespace: "ingress" },
};
const environment = (changes: Partial<EnvironmentFacts> = {}) =>
  serverEnvironment({ ...facts, ...changes }) as Record<string, string>;

test("the settings of an instance, all of them", () => {
  expect(environment()).toEqual({
    MLFLOW_INSTANCE_NAME: "fraud",
    MLFLOW_INSTANCE_WORKERS: "2",
    MLFLOW_INSTANCE_INGRESS_ADDRESSES: "*",
    MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: "s3-proxied://b/artifacts",
    MLFLOW_INSTANCE_TOKENS_FILE: "/etc/mlflow-instance/tokens/tokens.json",
    MLFLOW_SERVER_ALLOWED_HOSTS: expect.any(String),
    MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: expect.any(String),
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    MLFLOW_DISABLE_TELEMETRY: "true",
    MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: "4",
    MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: "3",
    MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE: "1800",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_EC2_METADATA_DISABLED: "true",
    MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
    AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
    AWS_CA_BUNDLE: "/etc/mlflow-instance/ca/ca.crt",
  });
});

test("a level of the log is told to MLflow where it isn't MLflow's own default", () => {
  expect(environment({ logLevel: "debug" })).toMatchObject({ MLFLOW_LOGGING_LEVEL: "DEBUG" });
});

test("the audit's retention is told where it is declared, in days", () => {
  expect(environment({ auditRetention: "365d" })).toMatchObject({
    MLFLOW_INSTANCE_AUDIT_DAYS: "365",
  });
});

test("AWS S3 with public certificates needs neither endpoint nor bundle", () => {
  const names = Object.keys(
    environment({ bucket: { name: "b", region: "eu-central-1" }, caGiven: false }),
  );
  expect(names).not.toContain("MLFLOW_S3_ENDPOINT_URL");
  expect(names).not.toContain("AWS_CA_BUNDLE");
});

test("a role needs the region under both names and its own token service, and the bundle is the database's alone", () => {
  const role = environment({ bucket: { name: "b", region: "eu-central-1" }, usesRole: true });
  expect(role).toMatchObject({
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_REGION: "eu-central-1",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  for (const name of [
    "AWS_CA_BUNDLE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MLFLOW_S3_ENDPOINT_URL",
  ])
    expect(role).not.toHaveProperty(name);
});

test("a key of KMS is said with each upload, as MLflow reads it", async () => {
  const { MLFLOW_S3_UPLOAD_EXTRA_ARGS: text } = environment({
    bucket: { ...facts.bucket, kmsKeyArn: "arn:aws:kms:eu-central-1:1:key/k" },
  });
  expect(JSON.parse(await valueOf(pulumi.output(text!)))).toEqual({
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: "arn:aws:kms:eu-central-1:1:key/k",
  });
});

test("connections are kept for as long as the load balancer needs, where it needs it", () => {
  expect(environment({ keepAliveSeconds: 271 })).toMatchObject({
    MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS: "271",
  });
});

test("presigned access names the plain scheme, by which MLflow offers direct transfers", () => {
  expect(environment({ artifactsAccess: "presigned" }).MLFLOW_INSTANCE_ARTIFACTS_DESTINATION).toBe(
    "s3://b/artifacts",
  );
});

describe("hosts and origins", () => {
  test("are set as a pair, the in-cluster names with every port that a client may send", () => {
    const { MLFLOW_SERVER_ALLOWED_HOSTS: hosts, MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: origins } =
      environment();
    expect(hosts?.split(",")).toEqual([
      "fraud.mlflow.test",
      "fraud.mlflow.test:443",
      "mlflow.mlflow-fraud.svc",
      "mlflow.mlflow-fraud.svc:80",
      "mlflow.mlflow-fraud.svc:5000",
      "mlflow.mlflow-fraud.svc.cluster.local",
      "mlflow.mlflow-fraud.svc.cluster.local:80",
      "mlflow.mlflow-fraud.svc.cluster.local:5000",
    ]);
    expect(origins?.split(",")).toEqual([
      "https://fraud.mlflow.test",
      "http://mlflow.mlflow-fraud.svc",
      "http://mlflow.mlflow-fraud.svc:5000",
      "http://mlflow.mlflow-fraud.svc.cluster.local",
      "http://mlflow.mlflow-fraud.svc.cluster.local:5000",
    ]);
  });

  test("a further host may use the UI, too: the origin is the host with either scheme", () => {
    const { MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: origins } = environment({
      extraAllowedHosts: ["localhost:15056"],
    });
    expect(origins?.split(",").slice(-2)).toEqual([
      "https://localhost:15056",
      "http://localhost:15056",
    ]);
  });

  test("have no wildcard, and take further hosts once", () => {
    const hosts =
      environment({
        extraAllowedHosts: ["alias.example.com", "fraud.mlflow.test"],
      }).MLFLOW_SERVER_ALLOWED_HOSTS?.split(",") ?? [];
    expect(hosts.filter((host) => host.includes("*"))).toEqual([]);
    expect(hosts.filter((host) => host === "alias.example.com")).toEqual(["alias.example.com"]);
    expect(new Set(hosts).size).toBe(hosts.length);
  });
});

test("the server takes the word of the ingress on where a request comes from", async () => {
  const { MLFLOW_INSTANCE_INGRESS_ADDRESSES: addresses } = serverEnvironment({
    ...facts,
    network: { ingressCidrs: ["10.0.0.1/32", pulumi.output("fd00::/8")] },
  });
  expect(await valueOf(pulumi.output(addresses!))).toBe("10.0.0.1/32,fd00::/8");
});

test("workloads have a file, and issuers the given authorities", () => {
  const workload = { name: "t", issuer: "g", role: "edit", match: { a: "b" } } as const;
  expect(environment({ workloads: [workload] })).toMatchObject({
    MLFLOW_INSTANCE_WORKLOADS_FILE: "/etc/mlflow-instance/tokens/workloads.json",
    MLFLOW_INSTANCE_ISSUERS_CA_FILE: "/etc/mlflow-instance/ca/ca.crt",
  });
  expect(environment({ workloads: [workload], caGiven: false })).not.toHaveProperty(
    "MLFLOW_INSTANCE_ISSUERS_CA_FILE",
  );
});
