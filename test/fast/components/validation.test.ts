import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { MlflowInstanceArgs } from "@mlflow-instances/components/model";
import { throwProblems } from "../../../components/internal/throwProblems.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import { instanceArgs, secrets } from "../../support/instance.ts";

const base = instanceArgs();
const paths = (changes: Record<string, unknown>) =>
  problemsOf({ ...base, ...changes }).map(({ propertyPath }) => propertyPath);

test("valid arguments have no problem, in every tier", () => {
  for (const tier of ["sandbox", "standard", "production"])
    expect(paths({ tier }), tier).toEqual([]);
});

describe("each wrong argument is reported with its path", () => {
  test.each<[string, Record<string, unknown>]>([
    ["instanceName", { instanceName: "Fraud" }],
    ["instanceName", { instanceName: "a" }],
    ["instanceName", { instanceName: "a".repeat(41) }],
    ["team", { team: "fraud team" }],
    ["team", { team: "" }],
    ["environment", { environment: "" }],
    ["owner", { owner: " " }],
    ["tier", { tier: "gold" }],
    ["host", { host: "https://fraud.mlflow.test" }],
    ["host", { host: "fraud" }],
    ["image", { image: "" }],
    ["mlflowVersion", { mlflowVersion: "3.16.9" }],
    ["mlflowVersion", { mlflowVersion: "2.22.0" }],
    ["mlflowVersion", { mlflowVersion: "latest" }],
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
    ["deletedExperimentRetention", { deletedExperimentRetention: "0d" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "91d" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "30" }],
    ["deletedExperimentRetention", { deletedExperimentRetention: "-1d" }],
    ["caBundle", { caBundle: "/etc/ca.crt" }],
    ["imagePullSecret", { imagePullSecret: "" }],
    ["imagePullSecrets[1]", { imagePullSecrets: ["regcred", "Reg_Cred"] }],
    ["extraAllowedHosts[1]", { extraAllowedHosts: ["a.example.com", "*.example.com"] }],
    ["bucket.name", { bucket: { ...base.bucket, name: "My_Bucket" } }],
    ["bucket.region", { bucket: { ...base.bucket, region: "" } }],
    ["bucket.endpoint", { bucket: { ...base.bucket, endpoint: "s3.example.com" } }],
    ["bucket.tlsOnly", { bucket: { ...base.bucket, endpoint: "http://s3.example.com" } }],
    ["bucket.adminPrincipals", { bucket: { ...base.bucket, adminPrincipals: [] } }],
    ["bucket.noncurrentVersionDays", { bucket: { ...base.bucket, noncurrentVersionDays: 0 } }],
    ["bucket.forceDestroy", { protect: true, bucket: { ...base.bucket, forceDestroy: true } }],
    ["bucket.forceDestroy", { bucket: { ...base.bucket, forceDestroy: true } }],
    ["database.name", { database: { ...base.database, name: "mlflow-fraud" } }],
    ["database.role", { database: { ...base.database, role: "Fraud" } }],
    ["database.host", { database: { ...base.database, host: "postgres://db" } }],
    ["database.port", { database: { ...base.database, port: 70000 } }],
    ["database.characterType", { database: { ...base.database, characterType: "" } }],
    ["database.sslMode", { database: { ...base.database, sslMode: "prefer" } }],
    ["database.maxConnections", { database: { ...base.database, maxConnections: 0 } }],
    ["database.name", { database: { ...base.database, name: "d".repeat(53), role: "r" } }],
    ["database.connectionLimit", { database: { ...base.database, maxConnections: 30 } }],
    // 31 for the server, 6 for maintenance, 5 that the server keeps.
    ["database.connectionLimit", { database: { ...base.database, maxConnections: 41 } }],
    ["database.connectionLimit", { database: { ...base.database, connectionLimit: 5 } }],
    ["ingress.className", { ingress: { ...base.ingress, className: "" } }],
    ["ingress.tls.source", { ingress: { className: "traefik", tls: { source: "none" } } }],
    [
      "ingress.tls.privateKey",
      { ingress: { className: "traefik", tls: { source: "pem", certificate: "c" } } },
    ],
    [
      "ingress.tls.clusterIssuer",
      { ingress: { className: "traefik", tls: { source: "certManager" } } },
    ],
    ["ingress.tls.secretName", { ingress: { className: "traefik", tls: { source: "secret" } } }],
    [
      "ingress.tls.source",
      {
        ingress: {
          className: "traefik",
          tls: { source: "secret", secretName: "s", clusterIssuer: "i" },
        },
      },
    ],
    ["network.databaseCidrs", { network: { ...base.network, databaseCidrs: [] } }],
    [
      "network.databaseCidrs[0]",
      { network: { ...base.network, databaseCidrs: ["db.example.com"] } },
    ],
    ["network.objectStoreCidrs", { network: { ...base.network, objectStoreCidrs: [] } }],
    [
      "network.objectStoreCidrs[0]",
      { network: { ...base.network, objectStoreCidrs: ["10.0.0.1/33"] } },
    ],
    ["network.dnsCidrs[0]", { network: { ...base.network, dnsCidrs: ["10.0.0.1"] } }],
    ["network.ingressNamespace", { network: { ...base.network, ingressCidrs: [] } }],
    ["tokens[0].name", { tokens: [{ name: "CI", role: "edit", expires: "2027-02-20" }] }],
    ["tokens[0].role", { tokens: [{ name: "ci", role: "owner", expires: "2027-02-20" }] }],
    ["tokens[0].expires", { tokens: [{ name: "ci", role: "edit", expires: "90d" }] }],
    ["tokens[0].expires", { tokens: [{ name: "ci", role: "edit", expires: "2027-02-30" }] }],
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
    ["maintenanceCredentials", { maintenanceCredentials: undefined }],
    [
      "bucket.maintenancePrincipal",
      { bucket: { ...base.bucket, maintenancePrincipal: undefined } },
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
  ])("%s of %j", (path, changes) => {
    expect(paths(changes)).toEqual([path]);
  });
});

test("all of them are thrown at once, listed in the message and as properties", () => {
  const args = {
    ...base,
    team: "",
    replicas: 0,
    bucket: { ...base.bucket, name: "B" },
    tokens: [{ name: "ci", role: "boss", expires: "never" }],
  };
  let thrown: unknown;
  try {
    throwProblems(`MLflow instance "fraud"`, problemsOf(args as unknown as MlflowInstanceArgs));
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
    paths({
      image: unknown,
      ingress: {
        className: "traefik",
        tls: { source: "pem", certificate: unknown, privateKey: unknown },
      },
    }),
  ).toEqual([]);
  const wrong = problemsOf({
    ...base,
    ingress: {
      className: "traefik",
      tls: { source: "secret", secretName: "s", privateKey: secrets.privateKey },
    },
  });
  expect(wrong).toEqual([
    {
      propertyPath: "ingress.tls.source",
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
  expect(paths({ database: { ...base.database, name: "d".repeat(52) } })).toEqual([]);
  expect(paths({ database: { ...base.database, maxConnections: 42 } })).toEqual([]);
});

test("a store with one user per bucket needs neither the second key nor its principal", () => {
  expect(
    paths({
      maintenanceCredentials: undefined,
      bucket: { ...base.bucket, maintenancePrincipal: undefined },
    }),
  ).toEqual([]);
});
