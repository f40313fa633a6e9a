import { describe, expect, test } from "vitest";
import { parseBytes } from "../../../components/internal/quantities.ts";
import { deployment, finalDump, job, retention, staleRuns } from "./manifests.ts";

// What holds for every pod of an instance, whichever workload makes it.

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
