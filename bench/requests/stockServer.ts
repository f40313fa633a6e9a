import type { ReadyPlatform } from "../../local/commands/up.ts";
import type { InstanceOutput } from "../../local/stack/outputs.ts";
import { cluster } from "../../test/engine/support/cluster.ts";
import { databases } from "../../test/engine/support/database.ts";

interface Variable {
  readonly name: string;
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: readonly Variable[] }[] };
    };
  };
}

const container = "/spec/template/spec/containers/0";
const deployment = "deployment/mlflow";

/** Our layer's own, and the size of the pool: MLflow's default is measured. */
const notStock = /^MLFLOW_(INSTANCE|SQLALCHEMYSTORE)_/;

/**
 * The environment of the image is compiled for our server's imports only. Without these variables
 * stock would compile a part of MLflow in every search.
 */
const compiled = [
  { name: "PYTHONDONTWRITEBYTECODE", value: "" },
  { name: "PYTHONPYCACHEPREFIX", value: "/tmp/compiled" },
];

/**
 * Makes an instance's pods run stock MLflow, `mlflow server` without authentication. Everything
 * else stays as it was deployed: image, database, bucket, ingress, network policies, CPU. Job
 * execution stays off, which favours stock. Without `workers` MLflow starts its default of 4.
 */
export async function serveStock(
  ready: ReadyPlatform,
  instance: InstanceOutput,
  workers: number | undefined,
): Promise<void> {
  const kube = cluster(ready);
  const uri = await kube.variable(instance.namespace, "MLFLOW_BACKEND_STORE_URI");
  const database = await databases(ready).administrator("postgres");
  try {
    // Its default pools may open more connections than an instance's role has.
    const role = decodeURIComponent(
      new URL(uri.replace(/^postgresql\+\w+:/, "postgresql:")).username,
    );
    await database.query(`alter role ${database.escapeIdentifier(role)} connection limit -1`);
  } finally {
    await database.end();
  }
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await kube.kubectl(["--namespace", instance.namespace, ...args]);
    if (code !== 0) throw new Error(`kubectl ${args[0]}: ${output}`);
    return output;
  };
  const found = JSON.parse(await kubectl("get", deployment, "--output", "json")) as Deployment;
  const env = (found.spec.template.spec.containers[0]?.env ?? []).filter(
    ({ name }) => !notStock.test(name),
  );
  const command = ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000"];
  command.push("--artifacts-destination", `s3://${instance.bucket}/artifacts`);
  if (workers !== undefined) command.push("--workers", String(workers));
  const patch = [
    { op: "replace", path: `${container}/command`, value: command },
    { op: "replace", path: `${container}/env`, value: [...env, ...compiled] },
    { op: "replace", path: `${container}/readinessProbe/httpGet/path`, value: "/health" },
    { op: "replace", path: `${container}/resources/limits/memory`, value: "4Gi" },
  ];
  await kubectl("patch", deployment, "--type", "json", "--patch", JSON.stringify(patch));
  await kubectl("rollout", "status", deployment, "--timeout", "180s");
}
