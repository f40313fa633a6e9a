// Waiting: ready, failed, out of time, cancelled; an object that exists is never lost from the
// state, and the reasons are the pods' own.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import type { Obj } from "./support/fakeApiServer.ts";
import {
  claimType,
  deployment,
  deploymentType,
  ingressType,
  job,
  jobType,
  service,
  serviceType,
} from "./support/objects.ts";
import { InitFailed, Plugin, urn } from "./support/plugin.ts";

const core = "/api/v1/namespaces/team";
const deploymentPath = "/apis/apps/v1/namespaces/team/deployments/server";
const jobPath = "/apis/batch/v1/namespaces/team/jobs/migrate";
const slicePath = "/apis/discovery.k8s.io/v1/namespaces/team/endpointslices/server-x";
let server: FakeApiServer;
let plugin: Plugin;
beforeEach(async () => {
  server = await new FakeApiServer().start();
  server.put(core, { metadata: { name: "team" } });
  plugin = await Plugin.start({ kubeconfig: server.kubeconfig() });
});
afterEach(async () => {
  await plugin.stop();
  await server.stop();
});

async function failed(work: Promise<unknown>): Promise<InitFailed> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InitFailed);
  return error as InitFailed;
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const rolledOut: Obj = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  availableReplicas: 1,
};
const waiting = (reason: string, message = ""): Obj => ({
  name: "main",
  ready: false,
  state: { waiting: { reason, message } },
});

/** A Deployment whose newest ReplicaSet has one pod with this status. */
function withPod(status: Obj): void {
  server.control = (path, object) =>
    path === deploymentPath
      ? { ...object, status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 } }
      : object;
  const revision = { "deployment.kubernetes.io/revision": "2" };
  const owned = (kind: string, uid: string): Obj => ({ ownerReferences: [{ kind, uid }] });
  const apply = server.control;
  server.control = (path, object) =>
    path === deploymentPath
      ? apply(path, {
          ...object,
          metadata: { ...object["metadata"], uid: "deployment", annotations: revision },
        })
      : object;
  const sets = "/apis/apps/v1/namespaces/team/replicasets";
  server.put(`${sets}/old`, {
    metadata: {
      name: "old",
      uid: "old",
      labels: { app: "server" },
      annotations: { "deployment.kubernetes.io/revision": "1" },
      ...owned("Deployment", "deployment"),
    },
  });
  server.put(`${sets}/new`, {
    metadata: {
      name: "new",
      uid: "new",
      labels: { app: "server" },
      annotations: revision,
      ...owned("Deployment", "deployment"),
    },
  });
  server.put(`${core}/pods/old`, {
    metadata: {
      name: "old",
      namespace: "team",
      labels: { app: "server" },
      ...owned("ReplicaSet", "old"),
    },
    status: { containerStatuses: [waiting("OldTrouble")] },
  });
  server.put(`${core}/pods/new`, {
    metadata: {
      name: "new",
      namespace: "team",
      uid: "pod",
      labels: { app: "server" },
      ...owned("ReplicaSet", "new"),
    },
    status,
  });
}

describe("a Deployment", () => {
  it("is ready once its new pods are available and the old ones gone", async () => {
    const creating = plugin.create(urn(deploymentType), deployment());
    await until(() => server.objects.has(deploymentPath));
    for (const status of [
      { observedGeneration: 0 },
      { observedGeneration: 1, updatedReplicas: 0 },
      { ...rolledOut, replicas: 2 },
      { ...rolledOut, availableReplicas: 0 },
    ]) {
      server.change(deploymentPath, { status });
      const outcome = await Promise.race([
        creating.then(() => "ready"),
        new Promise((resolve) => setTimeout(resolve, 150, "waiting")),
      ]);
      expect(outcome).toBe("waiting");
    }
    server.change(deploymentPath, { status: rolledOut });
    const { id, properties } = await creating;
    expect(id).toBe("team/server");
    expect(properties["status"]).toEqual(rolledOut);
  });

  it("that makes no progress fails at once, but stays in the state with its inputs", async () => {
    const conditions = [
      {
        type: "Progressing",
        status: "False",
        reason: "ProgressDeadlineExceeded",
        message: "has timed out progressing",
      },
    ];
    server.control = (path, object) =>
      path === deploymentPath
        ? { ...object, status: { observedGeneration: 1, conditions } }
        : object;
    const error = await failed(plugin.create(urn(deploymentType), deployment()));
    expect(error.id).toBe("team/server");
    expect(error.reasons).toEqual([
      `Deployment "server" failed: [ProgressDeadlineExceeded] has timed out progressing`,
    ]);
    expect(error.properties).toMatchObject({
      __inputs: deployment(),
      metadata: { name: "server" },
    });
    expect(error.inputs).toEqual(deployment());
  });

  it.each<[string, Obj, () => void, RegExp]>([
    [
      "an image that can't be pulled",
      { containerStatuses: [waiting("ImagePullBackOff", "no such image server:1")] },
      () => undefined,
      /^\[ImagePullBackOff\] container "main" of pod "new": no such image server:1$/,
    ],
    [
      "a crash, with the end of the log of the run before, passwords in URLs left out",
      {
        containerStatuses: [
          {
            ...waiting("CrashLoopBackOff"),
            lastState: { terminated: { exitCode: 3, reason: "Error" } },
          },
        ],
      },
      () =>
        void server.logs.set(
          `${core}/pods/new/log?previous`,
          "starting\ncannot reach postgresql://mlflow:hunter2@db/x",
        ),
      /^\[CrashLoopBackOff\] container "main" of pod "new" keeps ending \(exit code 3\)\n {4}\| starting\n {4}\| cannot reach postgresql:\/\/mlflow:\[secret\]@db\/x$/,
    ],
    [
      "too little memory",
      {
        containerStatuses: [
          {
            name: "main",
            ready: false,
            state: { terminated: { exitCode: 137, reason: "OOMKilled" } },
          },
        ],
      },
      () => undefined,
      /ended \(exit code 137, OOMKilled\)/,
    ],
    [
      "no node that takes it",
      {
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes are available: 1 Insufficient memory.",
          },
        ],
      },
      () => undefined,
      /^\[Unschedulable\] pod "new": 0\/1 nodes are available/,
    ],
    [
      "a probe that fails",
      { containerStatuses: [{ name: "main", ready: false, state: { running: {} } }] },
      () =>
        void server.put(`${core}/events/e`, {
          metadata: { name: "e" },
          type: "Warning",
          reason: "Unhealthy",
          message: "Readiness probe failed: 503",
        }),
      /^\[Unhealthy\] pod "new": Readiness probe failed: 503$/,
    ],
  ])("out of time says why: %s", async (_what, status, arrange, reason) => {
    withPod(status);
    arrange();
    const error = await failed(plugin.create(urn(deploymentType), deployment(), { timeout: 1 }));
    expect(error.reasons[0]).toBe(
      `Deployment "server" timed out waiting to be ready after 1 s: 0 of 1 pods available`,
    );
    expect(error.reasons.slice(1)).toEqual([expect.stringMatching(reason)]);
  });

  it("heeds pulumi.com/timeoutSeconds and pulumi.com/skipAwait", async () => {
    const impatient = deployment({}, { annotations: { "pulumi.com/timeoutSeconds": "1" } });
    expect((await failed(plugin.create(urn(deploymentType), impatient))).message).toContain(
      "after 1 s",
    );
    server.remove(deploymentPath);
    const skipping = deployment({}, { annotations: { "pulumi.com/skipAwait": "true" } });
    expect((await plugin.create(urn(deploymentType), skipping)).id).toBe("team/server");
  });

  it("whose wait is cancelled stays in the state", async () => {
    const creating = failed(plugin.create(urn(deploymentType), deployment()));
    await until(() => server.objects.has(deploymentPath));
    await plugin.cancel();
    const error = await creating;
    expect(error.id).toBe("team/server");
    expect(error.message).toContain(`the wait for Deployment "server" was cancelled`);
  });

  it("survives an API server that is away for a moment", async () => {
    let away = false;
    server.intercept = ({ method }) =>
      away && method === "GET" ? { code: 503, body: { message: "starting" } } : undefined;
    const creating = plugin.create(urn(deploymentType), deployment());
    await until(() => server.objects.has(deploymentPath));
    away = true;
    setTimeout(() => {
      away = false;
      server.change(deploymentPath, { status: rolledOut });
    }, 600);
    expect((await creating).id).toBe("team/server");
  });

  it("that someone deletes meanwhile fails at once", async () => {
    const creating = failed(plugin.create(urn(deploymentType), deployment()));
    await until(() => server.objects.has(deploymentPath));
    server.remove(deploymentPath);
    expect((await creating).message).toContain("it was deleted while waiting for it");
  });

  it("is waited for after an update too", async () => {
    server.control = (path, object) =>
      path === deploymentPath
        ? { ...object, status: { ...rolledOut, observedGeneration: 1 } }
        : object;
    const { properties } = await plugin.create(urn(deploymentType), deployment());
    const error = await failed(
      plugin.update(urn(deploymentType), "team/server", properties, deployment({ replicas: 2 }), {
        timeout: 1,
      }),
    );
    expect(error.message).toContain("waiting for the Deployment controller");
    expect(error.properties["__inputs"]).toEqual(deployment({ replicas: 2 }));
  });
});

describe("a Job", () => {
  it("is ready when it has completed", async () => {
    const creating = plugin.create(urn(jobType), job());
    await until(() => server.objects.has(jobPath));
    server.change(jobPath, { status: { conditions: [{ type: "Complete", status: "True" }] } });
    expect((await creating).properties).toMatchObject({
      status: { conditions: [{ type: "Complete" }] },
    });
  });

  it("that fails shows the end of its pods' logs", async () => {
    server.control = (path, object) =>
      path === jobPath
        ? {
            ...object,
            metadata: { ...object["metadata"], uid: "job" },
            status: {
              conditions: [
                {
                  type: "Failed",
                  status: "True",
                  reason: "BackoffLimitExceeded",
                  message: "too often",
                },
              ],
            },
          }
        : object;
    const metadata = {
      name: "migrate-1",
      namespace: "team",
      labels: { "batch.kubernetes.io/job-name": "migrate" },
      ownerReferences: [{ uid: "job" }],
    };
    server.put(`${core}/pods/migrate-1`, {
      metadata,
      status: {
        containerStatuses: [
          { name: "main", ready: false, state: { terminated: { exitCode: 1, reason: "Error" } } },
        ],
      },
    });
    server.logs.set(`${core}/pods/migrate-1/log`, "schema is newer than this MLflow\n");
    const error = await failed(plugin.create(urn(jobType), job()));
    expect(error.reasons).toEqual([
      `Job "migrate" failed: [BackoffLimitExceeded] too often`,
      `container "main" of pod "migrate-1" ended (exit code 1)\n    | schema is newer than this MLflow`,
    ]);
  });

  it("that has not completed is replaced when pulumi.com/replaceUnready says so", async () => {
    const inputs = job({ annotations: { "pulumi.com/replaceUnready": "true" } });
    const state = {
      ...inputs,
      __inputs: inputs,
      __initialApiVersion: "batch/v1",
      __fieldManager: "m",
    };
    server.put(jobPath, inputs);
    expect(await plugin.diff(urn(jobType), "team/migrate", state, inputs)).toMatchObject({
      changes: true,
      replaces: ['metadata.annotations["pulumi.com/replaceUnready"]'],
      deleteBeforeReplace: true,
    });
    server.change(jobPath, { status: { conditions: [{ type: "Complete", status: "True" }] } });
    expect(await plugin.diff(urn(jobType), "team/migrate", state, inputs)).toMatchObject({
      changes: false,
      replaces: [],
    });
  });
});

describe("a Service", () => {
  const slice = {
    metadata: { name: "server-x", labels: { "kubernetes.io/service-name": "server" } },
  };

  it("is ready as soon as it leads to a pod", async () => {
    server.put(slicePath, { ...slice, endpoints: [] });
    const creating = plugin.create(urn(serviceType), service());
    await until(() => server.objects.has(`${core}/services/server`));
    const outcome = await Promise.race([
      creating.then(() => "ready"),
      new Promise((resolve) => setTimeout(resolve, 300, "waiting")),
    ]);
    expect(outcome).toBe("waiting");
    const start = Date.now();
    server.put(slicePath, { ...slice, endpoints: [{ addresses: ["10.0.0.1"] }] });
    await creating;
    expect(Date.now() - start).toBeLessThan(2500);
  });

  it.each([
    ["headless", { clusterIP: "None" }],
    ["a name elsewhere", { type: "ExternalName", externalName: "db.example" }],
  ])("that is %s is ready at once", async (_what, spec) => {
    expect((await plugin.create(urn(serviceType), service(spec), { timeout: 2 })).id).toBe(
      "team/server",
    );
  });

  it("of type LoadBalancer needs an address", async () => {
    server.put(slicePath, { ...slice, endpoints: [{ addresses: ["10.0.0.1"] }] });
    const error = await failed(
      plugin.create(urn(serviceType), service({ type: "LoadBalancer" }), { timeout: 1 }),
    );
    expect(error.message).toContain("no load balancer address");
  });
});

describe("an Ingress", () => {
  const ingress: Properties = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "server", namespace: "team" },
    spec: {
      ingressClassName: "traefik",
      rules: [
        {
          http: {
            paths: [{ path: "/", backend: { service: { name: "server", port: { number: 80 } } } }],
          },
        },
      ],
    },
  };

  it("needs its Services' endpoints, then an address from its controller", async () => {
    expect(
      (await failed(plugin.create(urn(ingressType), ingress, { timeout: 1 }))).message,
    ).toContain('no Service "server" with endpoints');
    server.remove("/apis/networking.k8s.io/v1/namespaces/team/ingresses/server");
    server.put(`${core}/services/server`, service());
    server.put(slicePath, {
      metadata: { name: "server-x", labels: { "kubernetes.io/service-name": "server" } },
      endpoints: [],
    });
    const error = await failed(plugin.create(urn(ingressType), ingress, { timeout: 1 }));
    expect(error.message).toContain(
      'the controller of ingress class "traefik" has written no address',
    );
    server.remove("/apis/networking.k8s.io/v1/namespaces/team/ingresses/server");
    server.control = (path, object) =>
      path.includes("/ingresses/")
        ? { ...object, status: { loadBalancer: { ingress: [{ ip: "10.0.0.9" }] } } }
        : object;
    expect((await plugin.create(urn(ingressType), ingress, { timeout: 2 })).id).toBe("team/server");
  });
});

describe("a PersistentVolumeClaim", () => {
  const claim: Properties = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "team" },
    spec: { storageClassName: "local" },
  };

  it.each([
    ["once it is bound", { phase: "Bound" }, "Immediate"],
    ["while its class waits for the first pod", { phase: "Pending" }, "WaitForFirstConsumer"],
  ])("is ready %s", async (_what, status, volumeBindingMode) => {
    server.put("/apis/storage.k8s.io/v1/storageclasses/local", {
      metadata: { name: "local" },
      volumeBindingMode,
    });
    server.control = (path, object) =>
      path.includes("/persistentvolumeclaims/") ? { ...object, status } : object;
    expect((await plugin.create(urn(claimType), claim, { timeout: 2 })).id).toBe("team/data");
  });

  it("that finds no volume runs out of time", async () => {
    server.control = (path, object) =>
      path.includes("/persistentvolumeclaims/")
        ? { ...object, status: { phase: "Pending" } }
        : object;
    expect((await failed(plugin.create(urn(claimType), claim, { timeout: 1 }))).message).toContain(
      'the claim is Pending (storage class "local")',
    );
  });
});
