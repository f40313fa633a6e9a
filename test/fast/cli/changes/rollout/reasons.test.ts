import { describe, expect, test } from "vitest";
import type {
  ContainerStatus,
  KubeEvent,
  Pod,
} from "../../../../../cli/changes/rollout/objects.ts";
import { grace, obstaclesOf } from "../../../../../cli/changes/rollout/reasons.ts";

// Statuses as Kubernetes 1.34 writes them, shortened; that a real kubelet and scheduler do is shown
// in test/engine.

const pod = (status: NonNullable<Pod["status"]>): Pod => ({
  metadata: { name: "mlflow-1", uid: "pod-1" },
  status,
});
const waiting = (reason: string, message = "", more: Partial<ContainerStatus> = {}): Pod =>
  pod({
    phase: "Pending",
    containerStatuses: [
      { name: "server", ready: false, state: { waiting: { reason, message } }, ...more },
    ],
  });
const event = (reason: string, message: string, more: Partial<KubeEvent> = {}): KubeEvent => ({
  metadata: { name: `${reason}-1`, uid: `${reason}-1` },
  type: "Warning",
  reason,
  message,
  lastTimestamp: "2026-11-29T09:00:00Z",
  involvedObject: { kind: "Pod", name: "mlflow-1", uid: "pod-1" },
  ...more,
});
const only = (pods: Pod[], events: KubeEvent[] = []) => {
  const found = obstaclesOf(pods, events);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const notFound =
  'Failed to pull image "registry.example.com/mlflow@sha256:0": failed to resolve reference: registry.example.com/mlflow@sha256:0: not found';

describe("a pod that can't run", () => {
  test("has a wrong digit in its image: both words of the kubelet are one reason, with the registry's answer", () => {
    expect(only([waiting("ErrImagePull", notFound)])).toEqual({
      object: "pod mlflow-1",
      container: "server",
      reason: "ImagePullBackOff",
      message: notFound,
      graceSeconds: grace.final,
    });
    const backOff = waiting(
      "ImagePullBackOff",
      'Back-off pulling image "registry.example.com/mlflow@sha256:0"',
    );
    const [answer, word] = [event("Failed", notFound), event("Failed", "Error: ErrImagePull")];
    for (const events of [
      [word, answer],
      [answer, word],
    ])
      expect(only([backOff], events).message).toBe(notFound);
  });

  test.each([
    "dial tcp 10.0.0.1:443: connect: connection refused",
    "net/http: TLS handshake timeout",
    "unexpected status code 503 Service Unavailable",
    "toomanyrequests: You have reached your pull rate limit",
    "dial tcp: lookup registry.example.com: no such host",
  ])("gets longer where the next pull may succeed: %s", (message) => {
    expect(only([waiting("ErrImagePull", message)]).graceSeconds).toBe(grace.transient);
  });

  test.each([
    ["InvalidImageName", 'couldn\'t parse image name "MLFLOW:x": invalid reference format'],
    ["CreateContainerConfigError", 'secret "mlflow-credentials" not found'],
    [
      "CreateContainerError",
      'failed to create containerd task: exec: "mlflow-instance-server": executable file not found',
    ],
    ["RunContainerError", "failed to start container"],
    ["ErrImageNeverPull", "Container image is not present with pull policy of Never"],
  ])("%s", (reason, message) => {
    expect(only([waiting(reason, message)])).toMatchObject({
      reason,
      message,
      graceSeconds: grace.final,
    });
  });

  test("starts and ends: at its second restart, with the last words and the code; in an init container and in a Job's pod as well", () => {
    const terminated = {
      exitCode: 2,
      reason: "Error",
      message: "Traceback\n  ...\nValueError: no such scheme\n",
    };
    const status = (restartCount: number): ContainerStatus => ({
      name: "server",
      ready: false,
      restartCount,
      state: {
        waiting: {
          reason: "CrashLoopBackOff",
          message: "back-off 20s restarting failed container",
        },
      },
      lastState: { terminated },
    });
    expect(obstaclesOf([pod({ containerStatuses: [status(1)] })], [])).toEqual([]);
    const found = only([pod({ containerStatuses: [status(2)] })]);
    expect(found).toMatchObject({
      reason: "CrashLoopBackOff",
      message: "exit code 2: Traceback | ... | ValueError: no such scheme",
    });
    expect(only([pod({ initContainerStatuses: [status(2)] })])).toMatchObject({
      reason: "CrashLoopBackOff",
    });
    const running: ContainerStatus = { ...status(3), state: { running: {} } };
    expect(only([pod({ containerStatuses: [running] })])).toMatchObject({
      reason: "CrashLoopBackOff",
    });
    expect(obstaclesOf([pod({ containerStatuses: [{ ...running, ready: true }] })], [])).toEqual(
      [],
    );
  });

  test("is out of memory again and again", () => {
    const killed: ContainerStatus = {
      name: "server",
      restartCount: 2,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
    };
    expect(only([pod({ containerStatuses: [killed] })]).message).toBe("out of memory (OOMKilled)");
  });

  const message =
    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: No preemption victims found.";
  const unscheduled = pod({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
  });
  test("has no node; it waits for one that an autoscaler is making, and not where that gave up", () => {
    expect(only([unscheduled])).toMatchObject({
      reason: "Unschedulable",
      message,
      graceSeconds: grace.unschedulable,
    });
    const scaleUp = event("TriggeredScaleUp", "pod triggered scale-up", { type: "Normal" });
    expect(only([unscheduled], [scaleUp]).graceSeconds).toBe(grace.scaling);
    expect(
      only(
        [unscheduled],
        [event("Nominated", "Pod should schedule on: nodeclaim/x", { type: "Normal" })],
      ).graceSeconds,
    ).toBe(grace.scaling);
    const gaveUp = event("NotTriggerScaleUp", "pod didn't trigger scale-up", {
      type: "Normal",
      lastTimestamp: "2026-11-29T09:01:00Z",
    });
    expect(only([unscheduled], [scaleUp, gaveUp]).graceSeconds).toBe(grace.unschedulable);
  });

  test("waits for a volume or its network", () => {
    const creating = waiting("ContainerCreating");
    expect(obstaclesOf([creating], [])).toEqual([]);
    const mount = 'MountVolume.SetUp failed for volume "tokens" : secret "mlflow-tokens" not found';
    expect(only([creating], [event("FailedMount", mount)])).toMatchObject({
      reason: "FailedMount",
      message: mount,
    });
    expect(
      only([creating], [event("FailedCreatePodSandBox", "cni: no addresses left")]),
    ).toMatchObject({ graceSeconds: grace.sandbox });
  });

  test("is never ready; while its container starts it gets as long as a start may take", () => {
    const running = (started: boolean) =>
      pod({
        phase: "Running",
        containerStatuses: [{ name: "server", ready: false, started, state: { running: {} } }],
      });
    const unhealthy = event(
      "Unhealthy",
      "Readiness probe failed: HTTP probe failed with statuscode: 503",
    );
    expect(obstaclesOf([running(true)], [])).toEqual([]);
    expect(only([running(true)], [unhealthy])).toMatchObject({
      reason: "Unhealthy",
      graceSeconds: grace.notReady,
    });
    expect(only([running(false)], [unhealthy]).graceSeconds).toBe(grace.notStarted);
  });
});

test("a quota or an admission rule refuses the pod of a ReplicaSet or a Job", () => {
  const quota =
    'pods "mlflow-1" is forbidden: exceeded quota: mlflow, requested: pods=1, used: pods=11, limited: pods=11';
  const security =
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
  const found = obstaclesOf(
    [],
    [
      event("FailedCreate", "an older try", {
        involvedObject: { kind: "ReplicaSet", name: "mlflow-5d" },
      }),
      event("FailedCreate", quota, { involvedObject: { kind: "ReplicaSet", name: "mlflow-5d" } }),
      event("FailedCreate", security, { involvedObject: { kind: "Job", name: "migration-1" } }),
    ],
  );
  expect(found.map(({ object, message }) => `${object}: ${message}`)).toEqual([
    `ReplicaSet mlflow-5d: ${quota}`,
    `Job migration-1: ${security}`,
  ]);
});

test("what runs, is going, has succeeded, or is held back on purpose is no obstacle", () => {
  const broken = waiting("ErrImagePull", notFound);
  expect(
    obstaclesOf(
      [
        pod({
          phase: "Running",
          containerStatuses: [
            { name: "server", ready: true, started: true, state: { running: {} } },
          ],
        }),
        pod({
          phase: "Succeeded",
          containerStatuses: [{ name: "migration", state: { terminated: { exitCode: 0 } } }],
        }),
        { ...broken, metadata: { ...broken.metadata, deletionTimestamp: "2026-11-29T09:00:00Z" } },
        pod({ conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }),
        pod({ phase: "Pending" }),
        waiting("PodInitializing"),
      ],
      [event("Pulling", 'Pulling image "big"', { type: "Normal" })],
    ),
  ).toEqual([]);
});

test("a message is one line without control characters, and its end stays", () => {
  const { message } = only([
    waiting("CreateContainerConfigError", `a\n\u001b[31mb\r\n${"x".repeat(600)}end`),
  ]);

  expect(message).not.toMatch(/[\u0000-\u001f]/);
  expect(message).toMatch(/^… x+end$/);
});
