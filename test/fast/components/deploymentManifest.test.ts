import { describe, expect, test } from "vitest";
import { parseBytes } from "../../../components/internal/quantities.ts";
import { defaultResources, tierDefaults } from "../../../components/internal/tiers.ts";
import { deployment, facts, identity } from "./manifests.ts";

// The tracking server's Deployment, and the size that it has by default.

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

test("a stopped server has no pods and is otherwise the same, so that coming back is a change in place", () => {
  expect(deployment({ replicas: 2, prepareDeletion: true })).toEqual({
    ...deployment({ replicas: 2 }),
    replicas: 0,
  });
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
