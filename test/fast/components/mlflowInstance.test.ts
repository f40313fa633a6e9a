import { expect, test } from "vitest";
import { instanceArgs, instanceTypes, newInstance, platformArgs } from "../../support/instance.ts";
import { runWithMocks, valueOf } from "../../support/mocks.ts";
import type { MlflowInstance } from "@mlflow-instances/components";

const run = (preview = false) =>
  runWithMocks(instanceTypes, () => newInstance(instanceArgs()), preview);
const listed = ({ registrations }: Awaited<ReturnType<typeof run>>) =>
  registrations.map(({ type, name }) => `${type} ${name}`).sort();

/**
 * What an instance on a store without lifecycle, encryption and public-access block consists of:
 * sandbox tier, two tokens.
 */
const smallest = [
  "aws:s3/bucket:Bucket fraud-detector-bucket",
  "aws:s3/bucketPolicy:BucketPolicy fraud-detector-bucket-policy",
  "aws:s3/bucketVersioning:BucketVersioning fraud-detector-bucket-versioning",
  "kubernetes:apps/v1:Deployment fraud-detector-server",
  "kubernetes:batch/v1:CronJob fraud-detector-retention",
  "kubernetes:batch/v1:CronJob fraud-detector-stale-runs",
  "kubernetes:batch/v1:Job fraud-detector-migration",
  "kubernetes:core/v1:ConfigMap fraud-detector-ca-bundle",
  "kubernetes:core/v1:Namespace fraud-detector-namespace",
  "kubernetes:core/v1:ResourceQuota fraud-detector-quota",
  "kubernetes:core/v1:Secret fraud-detector-certificate",
  "kubernetes:core/v1:Secret fraud-detector-credentials",
  "kubernetes:core/v1:Secret fraud-detector-retention-credentials",
  "kubernetes:core/v1:Secret fraud-detector-stale-runs-credentials",
  "kubernetes:core/v1:Secret fraud-detector-token-hashes",
  "kubernetes:core/v1:Service fraud-detector-service",
  "kubernetes:core/v1:ServiceAccount fraud-detector-retention-account",
  "kubernetes:core/v1:ServiceAccount fraud-detector-service-account",
  "kubernetes:core/v1:ServiceAccount fraud-detector-stale-runs-account",
  "kubernetes:networking.k8s.io/v1:Ingress fraud-detector-ingress",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy fraud-detector-default-deny",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy fraud-detector-maintenance-network",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy fraud-detector-migration-network",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy fraud-detector-server-network",
  "mlflow-instances:index:MlflowInstance fraud-detector",
  "postgresql:index/database:Database fraud-detector-database",
  "postgresql:index/grant:Grant fraud-detector-database-no-public",
  "postgresql:index/grant:Grant fraud-detector-retention-connect",
  "postgresql:index/grant:Grant fraud-detector-stale-runs-connect",
  "postgresql:index/role:Role fraud-detector-database-role",
  "postgresql:index/role:Role fraud-detector-retention-role",
  "postgresql:index/role:Role fraud-detector-stale-runs-role",
  "random:index/randomPassword:RandomPassword fraud-detector-database-password",
  "random:index/randomPassword:RandomPassword fraud-detector-retention-password",
  "random:index/randomPassword:RandomPassword fraud-detector-server-key",
  "random:index/randomPassword:RandomPassword fraud-detector-stale-runs-password",
  "random:index/randomPassword:RandomPassword fraud-detector-token-ci-g1",
  "random:index/randomPassword:RandomPassword fraud-detector-token-dashboard-g1",
];

test("registers exactly these resources, in a preview too", async () => {
  expect(listed(await run())).toEqual(smallest);
  expect(listed(await run(true))).toEqual(smallest);
});

test("adds what the object store can do, and a disruption budget for more than one replica", async () => {
  const objectStore = {
    ...platformArgs().objectStore,
    lifecycle: true,
    encryption: true,
    publicAccessBlock: true,
  };
  const args = instanceArgs({ replicas: 2 }, { objectStore });
  const more = listed(await runWithMocks(instanceTypes, () => newInstance(args)));
  expect(more.filter((entry) => !smallest.includes(entry))).toEqual([
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration fraud-detector-bucket-lifecycle",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock fraud-detector-bucket-public-access",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration fraud-detector-bucket-encryption",
    "kubernetes:policy/v1:PodDisruptionBudget fraud-detector-disruption-budget",
  ]);
  expect(smallest.filter((entry) => !more.includes(entry))).toEqual([]);
});

test("creates no versioning, tokens, CA bundle or certificate when there is nothing to create them from", async () => {
  const { objectStore, ingress, caBundle, ...platform } = platformArgs();
  expect(caBundle).toContain("CERTIFICATE");
  const args = instanceArgs({ tokens: [] });
  const poorer = {
    ...platform,
    objectStore: { ...objectStore, versioning: false },
    ingress: { ...ingress, tls: { source: "certManager", clusterIssuer: "letsencrypt" } as const },
  };
  const less = listed(
    await runWithMocks(instanceTypes, () => newInstance({ ...args, platform: poorer })),
  );
  expect(smallest.filter((entry) => !less.includes(entry))).toEqual([
    "aws:s3/bucketVersioning:BucketVersioning fraud-detector-bucket-versioning",
    "kubernetes:core/v1:ConfigMap fraud-detector-ca-bundle",
    "kubernetes:core/v1:Secret fraud-detector-certificate",
    "random:index/randomPassword:RandomPassword fraud-detector-token-ci-g1",
    "random:index/randomPassword:RandomPassword fraud-detector-token-dashboard-g1",
  ]);
  expect(less.length).toBe(smallest.length - 5);
});

test("two instances share no logical name, namespace, database, role, bucket or host", async () => {
  const both = await runWithMocks(instanceTypes, () => {
    newInstance(instanceArgs());
    newInstance(instanceArgs({ instanceName: "churn" }));
  });
  const names = both.registrations.map(({ type, name }) => `${type} ${name}`);
  expect(names.length).toBe(2 * smallest.length);
  expect(new Set(names).size).toBe(names.length);
  const ofChurn = both.registrations.filter(
    ({ custom, name }) => custom && name.startsWith("churn-"),
  );
  expect(ofChurn.length).toBe(smallest.length - 1);
  expect(JSON.stringify(ofChurn.map(({ inputs }) => inputs))).not.toContain("fraud-detector");
});

test("outputs say where the instance is; token values are outputs of their own", async () => {
  let instance: MlflowInstance | undefined;
  const done = await runWithMocks(instanceTypes, () => {
    instance = newInstance(instanceArgs());
  });
  if (instance === undefined) throw new Error("the program made no instance");
  const { tokens, ...plain } = done.outputsOf(
    "mlflow-instances:index:MlflowInstance",
    "fraud-detector",
  );
  expect(plain).toEqual({
    trackingUri: "https://fraud-detector.mlflow.test",
    clusterUri: "http://mlflow.mlflow-fraud-detector.svc",
    host: "fraud-detector.mlflow.test",
    namespace: "mlflow-fraud-detector",
    bucketName: "mlflow-local-fraud-detector",
    bucketUri: "s3://mlflow-local-fraud-detector/artifacts",
    databaseName: "mlflow_fraud_detector",
    databaseRole: "mlflow_fraud_detector",
    mlflowVersion: "3.17.2",
    deletedExperimentRetention: "7d",
    retentionSchedule: "23 3 * * * Etc/UTC",
    staleRunsSchedule: "53 * * * * Etc/UTC",
    deletion: "none",
  });
  expect(Object.keys(tokens as object).sort()).toEqual(["ci", "dashboard"]);
  expect(Object.keys(instance.tokens)).toEqual(["ci", "dashboard"]);
  expect(instance.tokens.ci).toMatchObject({ role: "edit", expires: "2027-02-20" });
  expect(await valueOf(instance.tokens.ci!.value)).toMatch(/^mlf_/);
});
