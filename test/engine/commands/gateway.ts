import { beforeAll, expect, it } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import { gateway } from "../../../local/platform/values.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { up } from "../../../local/stack/deploy.ts";
import { cluster } from "../support/cluster.ts";
import { instanceOf, type Engine } from "../support/engine.ts";
import { https } from "../support/http.ts";
import { name, parcelForecast } from "../support/parcelForecast.ts";
import { startTraining } from "../support/training.ts";

// Proves that an instance moves from its Ingress to a route at a Gateway and back while a training
// logs. Both are Traefik's here; it can't prove what a move between two controllers needs.

const namespace = `mlflow-${name}`;
let engine: Engine;
let deployed: Deployed;

beforeAll(async () => {
  ({ engine, deployed } = await parcelForecast());
});

/** What the cluster has of both ways in. */
async function waysIn(): Promise<string[]> {
  const { kubectl } = cluster(deployed);
  const { output } = await kubectl([
    ...["get", "ingresses.networking.k8s.io,httproutes.gateway.networking.k8s.io"],
    ...["--namespace", namespace, "--output", "name"],
  ]);
  return output.trim().split("\n").sort();
}

async function moveToGateway(): Promise<void> {
  const values = await engine.values();
  const platform = values.environment["platform"] as { ingress: { controllerCidrs: string[] } };
  const { controllerCidrs } = platform.ingress;
  const environment = {
    ...values.environment,
    platform: { ...platform, ingress: { gateway: { ...gateway }, controllerCidrs } },
  };
  await configureStack(engine.pulumi, { ...values, environment });
  await up(engine.pulumi);
}

async function moveBack(): Promise<void> {
  await engine.configure();
  await up(engine.pulumi);
}

it("an instance moves to a Gateway and back, and a training logs on", async () => {
  const training = await startTraining(deployed, name);
  const health = `${instanceOf(deployed, name).trackingUri}/health`;
  const caPath = deployed.platform.caPath;

  await moveToGateway();
  expect(await waysIn()).toEqual(["httproute.gateway.networking.k8s.io/mlflow"]);
  expect((await https(health, { caPath })).status).toBe(200);
  // What is there is what was asked for, also by the state's account.
  const { pulumi } = engine;
  const preview = await pulumi.run(["preview", "--refresh", "--json", "--stack", engine.stack]);
  const { steps = [] } = JSON.parse(preview) as { steps?: { op: string; urn: string }[] };
  expect(steps.filter(({ op }) => op !== "same").map(({ op, urn }) => [op, urn])).toEqual([]);

  await moveBack();
  expect(await waysIn()).toEqual(["ingress.networking.k8s.io/mlflow"]);

  const { longest, steps: logged, files, ...lost } = await training.ended();
  expect(lost).toEqual({ missing: [], errors: [] });
  expect(files).toBe(logged);
  expect(logged).toBeGreaterThan(10);
  // No pod went away, so nothing had to be tried again.
  expect(longest).toBeLessThan(5);
});
