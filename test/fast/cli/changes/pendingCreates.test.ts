import { expect, it } from "vitest";
import { idOf, withPendingCreates } from "../../../../cli/changes/pendingCreates.ts";

// The rest of recovery is proved on the engine (test/engine/failures.test.ts); here: which cut-off
// creations become resources, and under which id.

const creating = (type: string, inputs: Record<string, unknown>, custom = true) => ({
  type: "creating",
  resource: { urn: `urn:pulumi:s::p::${type}::n`, type, custom, inputs },
});

it.each<[string, Record<string, unknown>, string | undefined]>([
  ["kubernetes:core/v1:Namespace", { metadata: { name: "mlflow-a" } }, "mlflow-a"],
  [
    "kubernetes:apps/v1:Deployment",
    { metadata: { name: "mlflow", namespace: "mlflow-a" } },
    "mlflow-a/mlflow",
  ],
  ["aws:s3/bucket:Bucket", { bucket: "mlflow-local-a" }, "mlflow-local-a"],
  ["postgresql:index/role:Role", { name: "mlflow_a" }, "mlflow_a"],
  ["postgresql:index/database:Database", { name: "mlflow_a" }, "mlflow_a"],
  ["random:index/randomPassword:RandomPassword", { length: 32 }, undefined],
  ["kubernetes:core/v1:Secret", {}, undefined],
])("the id of %s follows from its inputs", (type, inputs, id) => {
  expect(idOf(type, inputs)).toBe(id);
});

it("takes what can exist into the resources and forgets the other operations", () => {
  const role = creating("postgresql:index/role:Role", { name: "mlflow_a" });
  const state = {
    version: 3,
    deployment: {
      manifest: {},
      resources: [
        { urn: "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s", type: "pulumi:pulumi:Stack" },
      ],
      pending_operations: [
        role,
        creating("random:index/randomPassword:RandomPassword", { length: 32 }),
        creating("mlflow-instances:index:MlflowInstance", { name: "a" }, false),
        { ...role, type: "updating" },
      ],
    },
  };
  expect(withPendingCreates(state)).toEqual({
    version: 3,
    deployment: {
      manifest: {},
      resources: [
        ...state.deployment.resources,
        { ...role.resource, id: "mlflow_a", outputs: { name: "mlflow_a" } },
      ],
      pending_operations: [],
    },
  });
});
