import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { waitForAcceptance } from "../../../components/internal/acceptance.ts";
import { serverRoute } from "../../../components/internal/gatewayManifests.ts";
import type { Deployed } from "../../../local/commands/up.ts";
import { gateway } from "../../../local/platform/values.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { up } from "../../../local/stack/deploy.ts";
import { openPulumi, type PulumiError } from "../../../local/stack/pulumi.ts";
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

/** The Ingresses and HTTPRoutes of the instance. */
async function exposed(): Promise<string[]> {
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
  expect(await exposed()).toEqual([
    "httproute.gateway.networking.k8s.io/mlflow",
    "httproute.gateway.networking.k8s.io/mlflow-redirect",
  ]);
  expect((await https(health, { caPath })).status).toBe(200);
  // What is there is what was asked for, also by the state's account.
  const { pulumi } = engine;
  const preview = await pulumi.run(["preview", "--refresh", "--json", "--stack", engine.stack]);
  const { steps = [] } = JSON.parse(preview) as { steps?: { op: string; urn: string }[] };
  expect(
    steps.filter(({ op }) => !["same", "refresh"].includes(op)).map(({ op, urn }) => [op, urn]),
  ).toEqual([]);

  await moveBack();
  expect(await exposed()).toEqual(["ingress.networking.k8s.io/mlflow"]);

  const { longest, steps: logged, files, ...lost } = await training.ended();
  expect(lost).toEqual({ missing: [], errors: [] });
  expect(files).toBe(logged);
  expect(logged).toBeGreaterThan(10);
  // No pod goes away, so nothing is tried again.
  expect(longest).toBeLessThan(10);
});

/** Routes that no listener takes, as an instance's would be, with less patience; what `up` says. */
async function deployRefused(routes: Record<string, object>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "refused-routes-"));
  const program = join(folder, "raw");
  await cp(join(import.meta.dirname, "..", "programs", "raw"), program, { recursive: true });
  const { project } = engine.pulumi;
  await symlink(join(project.folder, "node_modules"), join(program, "node_modules"));
  const file = join(folder, "resources.json");
  const kubeconfig = await readFile(deployed.platform.kubeconfigPath, "utf8");
  await writeFile(
    file,
    JSON.stringify([
      { type: "pulumi:providers:kubernetes", name: "cluster", inputs: { kubeconfig } },
      ...Object.entries(routes).map(([route, spec]) => ({
        type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        name: route,
        inputs: {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "HTTPRoute",
          metadata: { name: route, namespace: "default", annotations: waitForAcceptance("route") },
          spec,
        },
        provider: "cluster",
        customTimeouts: { create: "10s" },
      })),
    ]),
  );
  const cli = { ...engine.cli, env: { ...engine.cli.env, RAW_RESOURCES: file } };
  const pulumi = await openPulumi(
    cli,
    { ...project, folder: program, stack: "refused" },
    join(folder, "state"),
  );
  try {
    await pulumi.run(["stack", "init", "refused"]);
    return await pulumi
      .run(["up", "--yes", "--skip-preview", "--continue-on-error", "--stack", "refused"])
      .catch((error: PulumiError) => error.output);
  } finally {
    await pulumi.run(["destroy", "--yes", "--skip-preview", "--stack", "refused"]);
    await rm(folder, { recursive: true, force: true });
  }
}

it("a route that the Gateway doesn't accept fails with the controller's reason", async () => {
  const { kubectl } = cluster(deployed);
  const closed = { name: "closed", namespace: gateway.namespace };
  const object = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: closed,
    spec: {
      gatewayClassName: "traefik",
      listeners: [
        {
          name: "https",
          port: 443,
          protocol: "HTTPS",
          tls: { certificateRefs: [{ name: "wildcard-certificate" }] },
        },
      ],
    },
  };
  const applied = await kubectl(["apply", "-f", "-"], JSON.stringify(object));
  expect(applied.code, applied.output).toBe(0);
  const host = `refused.${deployed.platform.domain}`;
  const route = (changes: object, at = host): object =>
    serverRoute({ gateway: { ...gateway, ...changes }, host: at, ownListener: false });
  const output = await deployRefused({
    "not-allowed": route(closed),
    "no-listener": route({ listener: "other" }),
    "other-host": route({}, "refused.example.com"),
  });
  await kubectl(["delete", "gateway", closed.name, "--namespace", closed.namespace]);
  expect(output).toMatch(/not-allowed.*reason:NotAllowedByListeners/s);
  expect(output).toMatch(/no-listener.*reason:NoMatchingParent/s);
  expect(output).toMatch(/other-host.*reason:NoMatchingListenerHostname/s);
});
