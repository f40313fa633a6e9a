import { expect, test } from "vitest";
import type { BucketSettings } from "@mlflow-instances/components/internal";
import { platformArgs } from "../../support/instance.ts";
import { run } from "./instanceRun.ts";

// Who may do what in an instance's database and bucket, and what removes their old contents.

test("the role may log in and nothing else, within the connections that its pools can open", async () => {
  const { one } = await run();
  expect(one("fraud-detector-database-role").inputs).toMatchObject({
    name: "mlflow_fraud_detector",
    login: true,
    superuser: false,
    createDatabase: false,
    createRole: false,
    connectionLimit: 31,
    statementTimeout: 30_000,
    idleInTransactionSessionTimeout: 120_000,
  });
  expect(one("fraud-detector-database").inputs).toEqual({
    name: "mlflow_fraud_detector",
    owner: "mlflow_fraud_detector",
    template: "template0",
    encoding: "UTF8",
    lcCollate: "C.UTF-8",
    lcCtype: "C.UTF-8",
  });
  expect(one("fraud-detector-database-no-public").inputs).toEqual({
    database: "mlflow_fraud_detector",
    role: "public",
    objectType: "database",
    privileges: [],
  });
});

test("the maintenance roles may log in and connect to this database, and nothing else by themselves", async () => {
  const { one } = await run();
  for (const [job, name, connectionLimit, statementTimeout, idleInTransactionSessionTimeout] of [
    ["retention", "mlflow_fraud_detector_retention", 4, 3_600_000, 4 * 3_600_000],
    ["stale-runs", "mlflow_fraud_detector_stale_runs", 2, 1_800_000, 1_800_000],
  ] as const) {
    expect(one(`fraud-detector-${job}-role`).inputs).toMatchObject({
      name,
      login: true,
      superuser: false,
      createDatabase: false,
      createRole: false,
      connectionLimit,
      statementTimeout,
      idleInTransactionSessionTimeout,
    });
    expect(one(`fraud-detector-${job}-connect`).inputs).toEqual({
      database: "mlflow_fraud_detector",
      role: name,
      objectType: "database",
      privileges: ["CONNECT"],
    });
  }
  const env = one("fraud-detector-migration").inputs.spec.template.spec.containers[0].env;
  expect(env).toContainEqual({
    name: "MLFLOW_INSTANCE_RETENTION_ROLE",
    value: "mlflow_fraud_detector_retention",
  });
  expect(env).toContainEqual({
    name: "MLFLOW_INSTANCE_STALE_RUNS_ROLE",
    value: "mlflow_fraud_detector_stale_runs",
  });
});

test("the maintenance jobs run as declared, in their own accounts, and the network lets exactly their pods out", async () => {
  const { one } = await run({
    deletedExperimentRetention: "14d",
    traceRetention: "180d",
    staleRuns: { after: "2d" },
    maintenance: {
      timeZone: "Europe/Berlin",
      retentionSchedule: "@daily",
      staleRunsSchedule: "*/20 * * * *",
    },
  });
  const allowed = one("fraud-detector-maintenance-network").inputs.spec.podSelector;
  for (const [job, schedule] of [
    ["retention", "@daily"],
    ["stale-runs", "*/20 * * * *"],
  ] as const) {
    const { metadata, spec } = one(`fraud-detector-${job}`).inputs;
    const pod = spec.jobTemplate.spec.template;
    expect(metadata.name).toBe(job);
    expect(spec).toMatchObject({ schedule, timeZone: "Europe/Berlin" });
    expect(pod.spec.serviceAccountName).toBe(
      one(`fraud-detector-${job}-account`).inputs.metadata.name,
    );
    expect(one(`fraud-detector-${job}-account`).inputs.automountServiceAccountToken).toBe(false);
    expect(pod.metadata.labels).toMatchObject(allowed.matchLabels);
    expect(allowed.matchExpressions[0].values).toContain(
      pod.metadata.labels["app.kubernetes.io/component"],
    );
    expect(pod.spec.containers[0].env).toEqual(
      expect.arrayContaining([
        { name: "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION", value: "14d" },
        { name: "MLFLOW_INSTANCE_TRACE_RETENTION", value: "180d" },
        { name: "MLFLOW_INSTANCE_STALE_RUNS_AFTER", value: "2d" },
        { name: "MLFLOW_INSTANCE_STALE_RUNS_IDLE", value: "6h" },
        { name: "MLFLOW_INSTANCE_BUCKET_LIFECYCLE", value: "false" },
      ]),
    );
  }
});

test("old versions of objects go after the same time as what was deleted, unless told otherwise", async () => {
  const objectStore = { ...platformArgs().objectStore, lifecycle: true };
  const days = async (bucket: BucketSettings, deletedExperimentRetention: string) => {
    const { one } = await run({ deletedExperimentRetention, bucket }, { objectStore });
    const rules: any[] = one("fraud-detector-bucket-lifecycle").inputs.rules;
    return rules.flatMap(({ noncurrentVersionExpiration: expiration }) =>
      expiration === undefined ? [] : [expiration.noncurrentDays],
    );
  };
  expect(await days({}, "14d")).toEqual([14]);
  expect(await days({ noncurrentVersionDays: 60 }, "14d")).toEqual([60]);
});

test("the bucket's policy names the instance's user and the administrators", async () => {
  const { one } = await run();
  const policy = JSON.parse(one("fraud-detector-bucket-policy").inputs.policy);
  expect(policy.Statement.map(({ Sid, Principal }: any) => [Sid, Principal])).toEqual([
    ["InstanceListsBucket", { AWS: ["fraud-user"] }],
    ["InstanceUsesObjects", { AWS: ["fraud-user"] }],
    ["MaintenanceLists", { AWS: ["fraud-maintenance-user"] }],
    ["MaintenanceRemoves", { AWS: ["fraud-maintenance-user"] }],
    ["MaintenanceReports", { AWS: ["fraud-maintenance-user"] }],
    ["AdminsManage", { AWS: ["admin-user"] }],
    ["RefusePlainHttp", "*"],
  ]);
});
