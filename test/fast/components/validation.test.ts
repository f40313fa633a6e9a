import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { NamedArgs } from "@mlflow-instances/components/internal";
import { bounds } from "../../../components/internal/bounds.ts";
import { throwProblems } from "../../../components/internal/throwProblems.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import { instanceArgs, platformArgs, secrets } from "../../support/instance.ts";

const base = instanceArgs();
const { objectStore, postgresql, ingress, network } = platformArgs();
const ci = { name: "ci", role: "edit", expires: "2027-02-20" };
const second = { ...ci, generation: 2 };
const paths = (changes: Record<string, unknown>, platform: Record<string, unknown> = {}) =>
  problemsOf({ ...base, ...changes, platform: { ...base.platform, ...platform } }).map(
    ({ propertyPath }) => propertyPath,
  );

test("valid arguments have no problem, in every tier", () => {
  for (const tier of ["sandbox", "standard", "production"])
    expect(paths({ tier }), tier).toEqual([]);
});

describe("each wrong argument is reported with its path", () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ["instanceName", { instanceName: "Fraud" }],
    ["instanceName", { instanceName: "a" }],
    ["instanceName", { instanceName: "a".repeat(41) }],
    ["team", { team: "fraud team" }],
    ["team", { team: "" }],
    ["platform.environment", {}, { environment: "" }],
    ["owner", { owner: " " }],
    ["tier", { tier: "gold" }],
    ["host", { host: "https://fraud.mlflow.test" }],
    ["host", { host: "fraud" }],
    ["platform.image", {}, { image: "" }],
    ["platform.mlflowVersion", {}, { mlflowVersion: "3.16.9" }],
    ["platform.mlflowVersion", {}, { mlflowVersion: "2.22.0" }],
    ["platform.mlflowVersion", {}, { mlflowVersion: "latest" }],
    ["replicas", { replicas: 0 }],
    ["replicas", { replicas: 1.5 }],
    ["workers", { workers: 17 }],
    [
      "resources.memoryRequest",
      { resources: { cpuRequest: "1", memoryRequest: "512", memoryLimit: "1Gi" } },
    ],
    [
      "resources.memoryLimit",
      { resources: { cpuRequest: "1", memoryRequest: "2Gi", memoryLimit: "1Gi" } },
    ],
    ["resources.memoryLimit", { resources: { memoryRequest: "64Mi", memoryLimit: "255Mi" } }],
    [
      "resources.cpuRequest",
      { resources: { cpuRequest: "one", memoryRequest: "1Gi", memoryLimit: "1Gi" } },
    ],
    [
      "resources.cpuLimit",
      { resources: { cpuRequest: "2", cpuLimit: "1", memoryRequest: "1Gi", memoryLimit: "1Gi" } },
    ],
    ["temporaryStorage", { temporaryStorage: "10" }],
    ["artifactsAccess", { artifactsAccess: "public" }],
    ["logLevel", { logLevel: "loud" }],
    ["traceRetention", { traceRetention: "6d" }],
    ["traceRetention", { traceRetention: "731d" }],
    ["traceRetention", { traceRetention: "" }],
    ["auditRetention", { auditRetention: "29d" }],
    ["auditRetention", { auditRetention: "3651d" }],
    ["auditRetention", { auditRetention: "180" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "0d" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "91d" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "30" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "-1d" }],
    ["platform.caBundle", {}, { caBundle: "/etc/ca.crt" }],
    ["platform.imagePullSecret", {}, { imagePullSecret: "" }],
    ["platform.imagePullSecrets[1]", {}, { imagePullSecrets: ["regcred", "Reg_Cred"] }],
    ["extraAllowedHosts[1]", { extraAllowedHosts: ["a.example.com", "*.example.com"] }],
    ["bucket.name", { bucket: { name: "My_Bucket" } }],
    ["platform.objectStore.region", {}, { objectStore: { ...objectStore, region: "" } }],
    [
      "platform.objectStore.endpoint",
      {},
      { objectStore: { ...objectStore, endpoint: "s3.example.com" } },
    ],
    [
      "platform.objectStore.tlsOnly",
      {},
      { objectStore: { ...objectStore, endpoint: "http://s3.example.com" } },
    ],
    [
      "platform.objectStore.adminPrincipals",
      {},
      { objectStore: { ...objectStore, adminPrincipals: [] } },
    ],
    ["bucket.noncurrentVersionDays", { bucket: { noncurrentVersionDays: 0 } }],
    ["bucket.forceDestroy", { protect: true, bucket: { forceDestroy: true } }],
    ["bucket.forceDestroy", { bucket: { forceDestroy: true } }],
    ["database.name", { database: { name: "mlflow-fraud" } }],
    ["database.role", { database: { role: "Fraud" } }],
    ["platform.postgresql.host", {}, { postgresql: { ...postgresql, host: "postgres://db" } }],
    ["platform.postgresql.port", {}, { postgresql: { ...postgresql, port: 70000 } }],
    ["platform.postgresql.characterType", {}, { postgresql: { ...postgresql, characterType: "" } }],
    ["platform.postgresql.sslMode", {}, { postgresql: { ...postgresql, sslMode: "prefer" } }],
    [
      "platform.postgresql.maxConnections",
      {},
      { postgresql: { ...postgresql, maxConnections: 0 } },
    ],
    ["database.name", { database: { name: "d".repeat(53), role: "r" } }],
    ["database.connectionLimit", {}, { postgresql: { ...postgresql, maxConnections: 30 } }],
    // 31 for the server, 6 for maintenance, 5 that the server keeps.
    ["database.connectionLimit", {}, { postgresql: { ...postgresql, maxConnections: 41 } }],
    ["database.connectionLimit", { database: { connectionLimit: 5 } }],
    ["platform.ingress.className", {}, { ingress: { ...ingress, className: "" } }],
    [
      "platform.ingress.tls.source",
      {},
      { ingress: { className: "traefik", tls: { source: "none" } } },
    ],
    [
      "platform.ingress.tls.privateKey",
      {},
      { ingress: { className: "traefik", tls: { source: "pem", certificate: "c" } } },
    ],
    [
      "platform.ingress.tls.clusterIssuer",
      {},
      { ingress: { className: "traefik", tls: { source: "certManager" } } },
    ],
    [
      "platform.ingress.tls.secretName",
      {},
      { ingress: { className: "traefik", tls: { source: "secret" } } },
    ],
    [
      "platform.ingress.tls.source",
      {},
      {
        ingress: {
          className: "traefik",
          tls: { source: "secret", secretName: "s", clusterIssuer: "i" },
        },
      },
    ],
    ["platform.network.databaseCidrs", {}, { network: { ...network, databaseCidrs: [] } }],
    [
      "platform.network.databaseCidrs[0]",
      {},
      { network: { ...network, databaseCidrs: ["db.example.com"] } },
    ],
    ["platform.network.objectStoreCidrs", {}, { network: { ...network, objectStoreCidrs: [] } }],
    [
      "platform.network.objectStoreCidrs[0]",
      {},
      { network: { ...network, objectStoreCidrs: ["10.0.0.1/33"] } },
    ],
    ["platform.network.dnsCidrs[0]", {}, { network: { ...network, dnsCidrs: ["10.0.0.1"] } }],
    ["platform.network.ingressNamespace", {}, { network: { ...network, ingressCidrs: [] } }],
    ["tokens[0].name", { tokens: [{ name: "CI", role: "edit", expires: "2027-02-20" }] }],
    ["tokens[0].role", { tokens: [{ name: "ci", role: "owner", expires: "2027-02-20" }] }],
    ["tokens[0].expires", { tokens: [{ name: "ci", role: "edit", expires: "90d" }] }],
    ["tokens[0].expires", { tokens: [{ name: "ci", role: "edit", expires: "2027-02-30" }] }],
    ...[0, -1, 1.5, 10_000].map((generation): [string, Record<string, unknown>] => [
      "tokens[0].generation",
      { tokens: [{ ...ci, generation }] },
    ]),
    ["tokens[0].previousValidUntil", { tokens: [{ ...ci, previousValidUntil: "2027-01-01" }] }],
    ["tokens[0].previousValidUntil", { tokens: [{ ...second, previousValidUntil: "soon" }] }],
    ...["", "Up", "a.b", "mlflow-fraud-detector"].map(
      (namespace): [string, Record<string, unknown>] => [
        "tokens[0].deliverTo.namespace",
        { tokens: [{ ...ci, deliverTo: { namespace, name: "mlflow" } }] },
      ],
    ),
    [
      "tokens[0].deliverTo.name",
      { tokens: [{ ...ci, deliverTo: { namespace: "training", name: "a_b" } }] },
    ],
    [
      "tokens[1].deliverTo",
      {
        tokens: ["ci", "cd"].map((name) => ({
          ...ci,
          name,
          deliverTo: { namespace: "training", name: "mlflow" },
        })),
      },
    ],
    ["tokens[0].previousValidUntil", { tokens: [{ ...second, previousValidUntil: "2027-02-21" }] }],
    ["staleRuns.after", { staleRuns: { after: "0h" } }],
    ["staleRuns.after", { staleRuns: { after: "31d" } }],
    ["staleRuns.after", { staleRuns: { after: "721h" } }],
    ["staleRuns.after", { staleRuns: { after: "24" } }],
    ["staleRuns.after", { staleRuns: { after: "30m" } }],
    ["staleRuns.idle", { staleRuns: { idle: "0h" } }],
    ["staleRuns.idle", { staleRuns: { idle: "1w" } }],
    ["staleRuns.idle", { staleRuns: { idle: "25h" } }],
    ["staleRuns.idle", { staleRuns: { after: "2h", idle: "3h" } }],
    ["maintenance.timeZone", { maintenance: { timeZone: "Mars/Olympus" } }],
    ["maintenance.retentionSchedule", { maintenance: { retentionSchedule: "17 2 * *" } }],
    ["maintenance.staleRunsSchedule", { maintenance: { staleRunsSchedule: "0 0 30 2 *" } }],
    ["platform.domain", {}, { domain: "https://mlflow.test" }],
    [
      "platform.objectStore.bucketPrefix",
      {},
      { objectStore: { ...objectStore, bucketPrefix: "a" } },
    ],
    [
      "tokens[1].name",
      {
        tokens: [
          { name: "ci", role: "edit", expires: "2027-02-20" },
          { name: "ci", role: "read", expires: "2027-02-20" },
        ],
      },
    ],
  ])("%s of %j and %j", (path, changes, platform) => {
    expect(paths(changes, platform)).toEqual([path]);
  });
});

test("all of them are thrown at once, listed in the message and as properties", () => {
  const args = {
    ...base,
    team: "",
    replicas: 0,
    bucket: { name: "B" },
    tokens: [{ name: "ci", role: "boss", expires: "never" }],
  };
  let thrown: unknown;
  try {
    throwProblems(`MLflow instance "fraud"`, problemsOf(args as unknown as NamedArgs));
  } catch (error) {
    thrown = error;
  }
  expect(pulumi.InputPropertiesError.isInstance(thrown)).toBe(true);
  const { message, errors } = thrown as pulumi.InputPropertiesError;
  expect(errors.map(({ propertyPath }) => propertyPath)).toEqual([
    "team",
    "replicas",
    "bucket.name",
    "tokens[0].role",
    "tokens[0].expires",
  ]);
  expect(message.split("\n")[0]).toBe('MLflow instance "fraud" has invalid arguments:');
  expect(message.split("\n").length).toBe(6);
  for (const { propertyPath, reason } of errors)
    expect(message).toContain(`  ${propertyPath}: ${reason}`);
});

test("inputs that are not known yet are accepted, and no message repeats a secret", () => {
  const unknown = pulumi.output(new Promise<string>(() => {}));
  expect(
    paths(
      {},
      {
        image: unknown,
        ingress: {
          className: "traefik",
          tls: { source: "pem", certificate: unknown, privateKey: unknown },
        },
      },
    ),
  ).toEqual([]);
  const tls = { source: "secret", secretName: "s", privateKey: secrets.privateKey } as const;
  const wrong = problemsOf(instanceArgs({}, { ingress: { className: "traefik", tls } }));
  expect(wrong).toEqual([
    {
      propertyPath: "platform.ingress.tls.source",
      reason: "is secret, but privateKey belongs to source pem",
    },
  ]);
  expect(JSON.stringify(wrong)).not.toContain(secrets.privateKey);
});

test("what is at a bound is inside of it", () => {
  for (const staleRuns of [
    { after: "1h" },
    { after: "30d" },
    { after: "720h", idle: "30d" },
    { after: "2h", idle: "2h" },
    { idle: "1d" },
  ]) {
    expect(paths({ staleRuns }), JSON.stringify(staleRuns)).toEqual([]);
  }
  expect(paths({ database: { name: "d".repeat(52) } })).toEqual([]);
  expect(paths({}, { postgresql: { ...postgresql, maxConnections: 42 } })).toEqual([]);
});

test("a store with one user per bucket needs no second key", () => {
  expect(paths({ maintenanceCredentials: undefined })).toEqual([]);
});

test("the least memory limit is the server's own", () => {
  const settings = readFileSync(
    join(import.meta.dirname, "../../../images/tracking-server/src/mlflow_instance/settings.py"),
    "utf8",
  );
  expect(settings).toMatch(
    new RegExp(
      `"MLFLOW_INSTANCE_MEMORY_LIMIT", DEFAULT_MEMORY, ${bounds.memoryLimit.least} \\* MIB,`,
    ),
  );
});
