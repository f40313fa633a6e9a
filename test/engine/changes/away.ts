import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import { ensureObjectStoreUsers, removeObjectStoreUsers } from "../../../local/platform/index.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { upArguments } from "../../../local/stack/deploy.ts";
import { cluster } from "../support/cluster.ts";
import { nameOf, type Engine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { file, name, parcelForecast, stack } from "../support/parcelForecast.ts";
import { startTraining } from "../support/training.ts";

// Proves that a training with the unmodified client gets through everything that takes a pod away:
// it is deleted, it is evicted as by a drain, and it is replaced by an update that also replaces
// the database's password and the bucket's key. With one replica, the hardest case. It can't prove
// what other ingress controllers than Traefik answer meanwhile.

const namespace = `mlflow-${name}`;
const successor = `${name}-2`;
const selector = "app.kubernetes.io/component=tracking-server";

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly maintenance: object;
  readonly former?: readonly string[];
}

let engine: Engine;
let deployed: Deployed;

beforeAll(async () => {
  ({ engine, deployed } = await parcelForecast());
});

afterAll(async () => {
  await removeObjectStoreUsers(engine.platform.profile, successor);
});

/** Waits until one pod serves that is none of these; its name. */
async function anotherPod(...former: readonly string[]): Promise<string> {
  let found = "";
  await eventually(60_000, async () => {
    const pods = await cluster(deployed).pods(namespace, selector);
    expect(pods.filter(({ ready }) => ready)).toHaveLength(1);
    expect(pods).toHaveLength(1);
    found = pods[0]!.name;
    expect(former).not.toContain(found);
  });
  return found;
}

/** An update that rolls the pods, with another password of the database and another key. */
async function replaceSecrets(): Promise<void> {
  const { pulumi } = engine;
  const values = await engine.values();
  const keys = JSON.parse(values.secrets["artifactStoreKeys"]!) as Record<string, Keys>;
  const { [successor]: next } = await ensureObjectStoreUsers(engine.platform.profile, [successor]);
  const former = [keys[name]!.accessKeyId];
  keys[name] = { ...next!, maintenance: keys[name]!.maintenance, former };
  const secrets = { ...values.secrets, artifactStoreKeys: JSON.stringify(keys) };
  await configureStack(pulumi, { ...values, secrets });
  const state = JSON.parse(await pulumi.run(["stack", "export", "--stack", stack])) as {
    deployment: { resources: { urn: string }[] };
  };
  const urns = state.deployment.resources.map(({ urn }) => urn);
  const password = urns.find((urn) => nameOf(urn) === `${name}-database-password`);
  expect(password).toBeDefined();
  await pulumi.run([...upArguments(pulumi), "--replace", password!]);
}

it("a training gets through a pod that goes, a drain, an update, another password and another key", async () => {
  const { kubectl } = cluster(deployed);
  const training = await startTraining(deployed, name);

  const first = await anotherPod();
  await kubectl(["delete", "pod", first, "--namespace", namespace, "--wait=false"]);
  const second = await anotherPod(first);
  await sleep(2000);

  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: second, namespace },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${second}/eviction`;
  const evicted = await kubectl(["create", "--raw", path, "-f", "-"], JSON.stringify(eviction));
  expect(evicted.code, evicted.output).toBe(0);
  const third = await anotherPod(first, second);
  await sleep(2000);

  await engine.instance(name, `${file}extraAllowedHosts: ["localhost:15056"]\n`);
  await replaceSecrets();
  await anotherPod(first, second, third);
  await sleep(2000);

  const { longest, steps, files, ...lost } = await training.ended();
  expect(lost).toEqual({ missing: [], errors: [] });
  expect(files).toBe(steps);
  expect(steps).toBeGreaterThan(10);
  // The client's pauses double from 2 s on, and it gives up after 247 s. On a busy machine it took
  // five of them (63 s); half of its patience has to be left.
  expect(longest).toBeLessThan(124);
  const hosts = await cluster(deployed).variable(namespace, "MLFLOW_SERVER_ALLOWED_HOSTS");
  expect(hosts.split(",")).toContain("localhost:15056");
});
