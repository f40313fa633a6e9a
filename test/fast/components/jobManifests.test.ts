import { describe, expect, test } from "vitest";
import { migrationJob } from "../../../components/internal/migrationJob.ts";
import { facts, finalDump, job, maintenanceRoles, retention, staleRuns } from "./manifests.ts";

// The workloads that end: the migration, the two maintenance jobs and the final dump.

describe("the migration Job", () => {
  test("ends: a few retries, a deadline, no restart in place", () => {
    expect(job).toMatchObject({
      backoffLimit: 3,
      activeDeadlineSeconds: 1800,
      template: { spec: { restartPolicy: "Never" } },
    });
    // Gone after a while, it would look deleted to the next `up`, which would run it again.
    expect(job).not.toHaveProperty("ttlSecondsAfterFinished");
  });

  test("is another one for another image and for another MLflow version", () => {
    expect(migrationJob({ ...facts, maintenanceRoles, image: "other" })).not.toEqual(job);
    expect(migrationJob({ ...facts, maintenanceRoles, mlflowVersion: "3.17.3" })).not.toEqual(job);
    expect(migrationJob({ ...facts, maintenanceRoles })).toEqual(job);
  });

  test("is another one when the maintenance roles come or change: it gives them their rights", () => {
    expect(job.template.spec.containers[0].env).toContainEqual({
      name: "MLFLOW_INSTANCE_RETENTION_ROLE",
      value: "cleaner",
    });
    expect(migrationJob({ ...facts, maintenanceRoles: {} })).not.toEqual(job);
  });

  test("knows the database but not the object store", () => {
    expect(job.template.spec.containers[0].env.map(({ name }: any) => name)).toEqual([
      "MLFLOW_BACKEND_STORE_URI",
      "MLFLOW_INSTANCE_NAME",
      "MLFLOW_DISABLE_TELEMETRY",
      "MLFLOW_INSTANCE_RETENTION_ROLE",
    ]);
  });
});

describe.each([
  ["retention", retention, "mlflow-instance-retention", 4 * 3600],
  ["stale runs", staleRuns, "mlflow-instance-stale-runs", 1800],
])("the CronJob of the %s", (_name, cronJob, command, deadline) => {
  const spec = cronJob.jobTemplate.spec;

  test("starts in its time zone, one run at a time, and makes up for a start that was missed", () => {
    expect(cronJob).toMatchObject({
      schedule: "17 2 * * *",
      timeZone: "Europe/Berlin",
      concurrencyPolicy: "Forbid",
    });
    // Below 10 seconds the controller, which looks every 10 seconds, might start none at all.
    expect(cronJob.startingDeadlineSeconds).toBeGreaterThan(600);
  });

  test("is configured as not suspended, so that drift sees a suspension", () => {
    expect(cronJob.suspend).toBe(false);
  });

  test("ends, and leaves a few runs to look at", () => {
    expect(cronJob).toMatchObject({ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 3 });
    expect(spec).toMatchObject({
      backoffLimit: 2,
      activeDeadlineSeconds: deadline,
      ttlSecondsAfterFinished: 7 * 24 * 3600,
    });
    expect(spec.template.spec.restartPolicy).toBe("Never");
  });

  test("is tried again when it couldn't work, but not when a second try would end the same way", () => {
    expect(spec.podFailurePolicy.rules).toEqual([
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      {
        action: "FailJob",
        onExitCodes: { containerName: "maintenance", operator: "In", values: [2, 3, 4] },
      },
    ]);
    expect(spec.template.spec.containers.map(({ name }: any) => name)).toEqual(["maintenance"]);
  });

  test("runs its command with its own settings and credentials", () => {
    const [container] = spec.template.spec.containers;
    expect(container.command).toEqual([command]);
    expect(container).not.toHaveProperty("args");
    expect(container.env.map(({ name }: any) => name)).toEqual([
      "MLFLOW_BACKEND_STORE_URI",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "SETTING",
    ]);
  });
});

test("the final dump runs the image's command with the server's credentials, and is not tried again where that is of no use", () => {
  const { spec, metadata } = finalDump.template;
  expect(metadata.labels["app.kubernetes.io/component"]).toBe("final-dump");
  expect(spec.containers[0].command).toEqual(["mlflow-instance-final-dump"]);
  expect(spec.containers[0].env).toEqual([
    ...["MLFLOW_BACKEND_STORE_URI", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: "credentials-1", key: expect.any(String) } },
    })),
    { name: "SETTING", value: "value" },
  ]);
  expect(finalDump.podFailurePolicy.rules[1].onExitCodes).toEqual({
    containerName: spec.containers[0].name,
    operator: "In",
    values: [2, 3],
  });
});

test("the pods of both maintenance jobs are told apart by their labels", () => {
  const component = (cronJob: any) =>
    cronJob.jobTemplate.spec.template.metadata.labels["app.kubernetes.io/component"];
  expect([component(retention), component(staleRuns)]).toEqual(["retention", "stale-runs"]);
});
