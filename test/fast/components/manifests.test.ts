import { describe, expect, test } from "vitest";
import {
  deploymentManifest,
  type DeploymentFacts,
} from "../../../components/internal/deploymentManifest.ts";
import type { Identity } from "../../../components/internal/labels.ts";
import { finalDumpJob } from "../../../components/internal/finalDumpJob.ts";
import {
  maintenanceCronJob,
  retentionKind,
  staleRunsKind,
} from "../../../components/internal/maintenanceJobs.ts";
import { migrationJob } from "../../../components/internal/migrationJob.ts";
import { parseBytes } from "../../../components/internal/quantities.ts";
import { defaultResources, tierDefaults } from "../../../components/internal/tiers.ts";

const identity: Identity = {
  instanceName: "fraud",
  team: "risk",
  owner: "o@example.com",
  environment: "dev",
  tier: "standard",
};
const facts: DeploymentFacts = {
  identity,
  mlflowVersion: "3.17.2",
  image: "registry.example.com/mlflow@sha256:abc",
  imagePullSecrets: ["mlflow-image-pull", "of-others"],
  replicas: 1,
  prepareDeletion: false,
  resources: { cpuRequest: "250m", memoryRequest: "512Mi", memoryLimit: "1Gi" },
  temporaryStorage: "5Gi",
  drainSeconds: 5,
  credentialsSecret: "credentials-1",
  caConfigMap: "ca-1",
  role: undefined,
  environment: { SETTING: "value" },
};
const deployment = (changes: Partial<DeploymentFacts> = {}): any =>
  deploymentManifest({ ...facts, ...changes });
const maintenanceRoles = { MLFLOW_INSTANCE_RETENTION_ROLE: "cleaner" };
const job: any = migrationJob({ ...facts, maintenanceRoles });
const schedule = { schedule: "17 2 * * *", timeZone: "Europe/Berlin" };
const retention: any = maintenanceCronJob(retentionKind, { ...facts, ...schedule });
const finalDump: any = finalDumpJob(facts);
const staleRuns: any = maintenanceCronJob(staleRunsKind, { ...facts, ...schedule });

describe.each([
  ["server", "mlflow", deployment().template.spec],
  ["migration", "mlflow", job.template.spec],
  ["retention", "retention", retention.jobTemplate.spec.template.spec],
  ["stale runs", "stale-runs", staleRuns.jobTemplate.spec.template.spec],
  ["final dump", "final-dump", finalDump.template.spec],
])("the pod of the %s", (_name, account, pod) => {
  test("meets the restricted level on the pod and on every container", () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.containers.length).toBe(1);
    for (const { securityContext } of pod.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      });
    }
    for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(pod).not.toHaveProperty(key);
  });

  test("has no Kubernetes credential and no variables of other services", () => {
    expect(pod).toMatchObject({
      serviceAccountName: account,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
  });

  test("can write to /tmp only, up to a limit", () => {
    const writable = pod.containers[0].volumeMounts.filter(
      ({ readOnly }: any) => readOnly !== true,
    );
    expect(writable).toEqual([{ name: "tmp", mountPath: "/tmp" }]);
    expect(
      parseBytes(pod.volumes.find(({ name }: any) => name === "tmp").emptyDir.sizeLimit),
    ).toBeGreaterThan(0);
  });

  test("gets secrets by reference and never as a value", () => {
    for (const { name, value } of pod.containers[0].env) {
      if (/URI$|KEY/.test(name)) expect(value, name).toBeUndefined();
    }
    expect(pod.containers[0].env).toContainEqual({
      name: "MLFLOW_BACKEND_STORE_URI",
      valueFrom: { secretKeyRef: { name: "credentials-1", key: "backend-store-uri" } },
    });
  });

  test("names the Secrets by which its image is pulled", () => {
    expect(pod.imagePullSecrets).toEqual([{ name: "mlflow-image-pull" }, { name: "of-others" }]);
  });

  test("leaves the end of its log as its message when it fails", () => {
    expect(pod.containers[0].terminationMessagePolicy).toBe("FallbackToLogsOnError");
  });

  test("has memory requested and limited, and CPU requested but not limited", () => {
    const { requests, limits } = pod.containers[0].resources;
    expect(parseBytes(limits.memory)).toBeGreaterThanOrEqual(
      parseBytes(requests.memory) ?? Number.NaN,
    );
    expect(requests.cpu).toBeDefined();
    expect(limits).not.toHaveProperty("cpu");
  });
});

describe("the Deployment", () => {
  test("has a new pod ready before an old one goes, with one replica too", () => {
    expect(deployment().strategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
  });

  test("gives a rollout up within 3 minutes, but not while a slow start is still watched", () => {
    const { progressDeadlineSeconds, template } = deployment();
    const { periodSeconds, failureThreshold } = template.spec.containers[0].startupProbe;
    expect(progressDeadlineSeconds).toBeLessThan(180);
    // The probe's own limit restarts the container, which counts as no progress.
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(progressDeadlineSeconds);
  });

  test("selects its pods by labels that never change", () => {
    const selector = deployment().selector.matchLabels;
    const { labels } = deployment({
      mlflowVersion: "3.18.0",
      identity: { ...identity, team: "other", tier: "production" },
    }).template.metadata;
    expect(labels).toMatchObject(selector);
    expect(Object.keys(selector)).toEqual([
      "app.kubernetes.io/name",
      "app.kubernetes.io/instance",
      "app.kubernetes.io/component",
    ]);
  });

  test("asks the process for life and the database for readiness", () => {
    const [container] = deployment().template.spec.containers;
    expect(container.startupProbe.httpGet.path).toBe("/health");
    expect(container.livenessProbe.httpGet.path).toBe("/health");
    expect(container.readinessProbe.httpGet.path).toBe("/health/ready");
    // The server gives up on the database after 2 s: a probe that waits less would never see its
    // 503.
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(2);
  });

  test("mounts the token hashes as a folder, which follows changes, and not as a subPath", () => {
    const [container] = deployment().template.spec.containers;
    expect(container.volumeMounts).toContainEqual({
      name: "tokens",
      mountPath: "/etc/mlflow-instance/tokens",
      readOnly: true,
    });
    expect(JSON.stringify(deployment())).not.toContain("subPath");
    expect(deployment().template.spec.volumes).toContainEqual({
      name: "tokens",
      secret: { secretName: "mlflow-tokens", defaultMode: 0o440 },
    });
  });

  test("spreads over nodes exactly when there is more than one replica", () => {
    expect(deployment().template.spec).not.toHaveProperty("topologySpreadConstraints");
    const [spread, ...more] = deployment({ replicas: 2 }).template.spec.topologySpreadConstraints;
    expect(more).toEqual([]);
    expect(spread).toMatchObject({
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
    });
    expect(spread.labelSelector.matchLabels).toEqual(deployment().selector.matchLabels);
  });

  test("has no CA volume when no bundle is given", () => {
    const { volumes } = deployment({ caConfigMap: undefined }).template.spec;
    expect(volumes.map(({ name }: any) => name)).toEqual(["tmp", "tokens"]);
  });

  test("names no Secret for its image where there is none", () => {
    expect(deployment({ imagePullSecrets: [] }).template.spec).not.toHaveProperty(
      "imagePullSecrets",
    );
  });

  test("limits CPU when asked to", () => {
    expect(
      deployment({ resources: { ...facts.resources, cpuLimit: "2" } }).template.spec.containers[0]
        .resources.limits.cpu,
    ).toBe("2");
  });
});

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

test("a stopped server has no pods and is otherwise the same, so that coming back is a change in place", () => {
  expect(deployment({ replicas: 2, prepareDeletion: true })).toEqual({
    ...deployment({ replicas: 2 }),
    replicas: 0,
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

test("default memory leaves room above what was measured idle (MiB of PSS by workers)", () => {
  for (const [workers, measured] of [
    [1, 232],
    [3, 282],
  ] as const) {
    const { memoryRequest, memoryLimit } = defaultResources(workers);
    expect(parseBytes(memoryRequest)).toBeGreaterThan(1.5 * measured * 2 ** 20);
    expect(parseBytes(memoryLimit)).toBeGreaterThanOrEqual(3 * measured * 2 ** 20);
  }
});

test("only production survives the loss of a pod", () => {
  expect(tierDefaults("sandbox")).toMatchObject({ replicas: 1 });
  expect(tierDefaults("standard")).toMatchObject({ replicas: 1 });
  expect(tierDefaults("production")).toMatchObject({ replicas: 2 });
});

test("requests in flight get the whole grace that the pod declares, less the drain and a margin", () => {
  for (const drainSeconds of [5, 20]) {
    const { spec } = deployment({ drainSeconds }).template;
    const { value } = spec.containers[0].env.find(
      ({ name }: any) => name === "MLFLOW_INSTANCE_GRACE_SECONDS",
    );
    expect(spec.containers[0].lifecycle.preStop.sleep.seconds).toBe(drainSeconds);
    expect(Number(value) + drainSeconds + 5).toBe(spec.terminationGracePeriodSeconds);
    expect(Number(value)).toBeGreaterThanOrEqual(35);
  }
});

test("the keys with which MLflow encrypts come from the instance's secret", () => {
  const keys = deployment().template.spec.containers[0].env.filter(({ name }: any) =>
    /ENCRYPTION_KEY|PASSPHRASE/.test(name),
  );
  expect(
    keys.map(({ name, valueFrom }: any) => [
      name,
      valueFrom.secretKeyRef.name,
      valueFrom.secretKeyRef.key,
    ]),
  ).toEqual([
    ["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "credentials-1", "webhook-encryption-key"],
    ["MLFLOW_CRYPTO_KEK_PASSPHRASE", "credentials-1", "key-encryption-passphrase"],
  ]);
});
