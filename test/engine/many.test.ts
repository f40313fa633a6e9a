import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logFirstRun } from "../../local/client/firstRun.ts";
import { upArguments } from "../../local/stack/deploy.ts";
import { PulumiError } from "../../local/stack/pulumi.ts";
import { cluster } from "./support/cluster.ts";
import { databases } from "./support/database.ts";
import { engineStack, instanceOf, tokenOf, type Engine } from "./support/engine.ts";
import { eventually } from "./support/eventually.ts";
import { https } from "./support/http.ts";
import { manyNames, smallInstance } from "./support/manyInstances.ts";

// Proves of an environment of many new instances, in the order of a bad day: an `up` is killed half-way, the next one finds an instance that can't be made and makes
// all others, and the last one finishes that one, too. Six instances, as each costs two processors some 8 s; `npm run bench` does an `up` of twenty.

/** Somebody has made its database by hand: no preview can know, and the instance can't be made. */
const unlucky = "claim-counter";
const database = "mlflow_claim_counter";
const names = manyNames.slice(0, 6);
const others = names.filter((name) => name !== unlucky);
let engine: Engine;

beforeAll(async () => {
  engine = await engineStack("many");
  for (const name of names) await engine.instance(name, smallInstance(`Models of the ${name.replace("-", " ")}`));
  await engine.configure();
  await administrate(`create database ${database}`);
});

afterAll(() => engine.remove());

async function administrate(sql: string): Promise<void> {
  const client = await databases(engine).administrator("postgres");
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Names of the instances whose server is ready. */
async function ready(): Promise<string[]> {
  const { output } = await cluster(engine).kubectl([
    ...["get", "deployments", "--all-namespaces", "--selector", "app.kubernetes.io/component=tracking-server"],
    ...["--output", 'jsonpath={range .items[?(@.status.availableReplicas==1)]}{.metadata.namespace}{"\\n"}{end}'],
  ]);
  return names.filter((name) => output.split("\n").includes(`mlflow-${name}`));
}

/** Status of an instance's health check over HTTPS, at the address that the ingress has and with the instance's host. */
async function statusOf(name: string): Promise<number> {
  const { caPath, nodeIp, domain } = engine.platform;
  const host = `${name}.${domain}`;
  return (await https(`https://${nodeIp}/health`, { caPath, servername: host, headers: { host } })).status;
}

describe("an up of many new instances", () => {
  it("that is killed half-way leaves some that serve and some that are not made", async () => {
    const child = spawn(engine.cli.cliPath, [...upArguments(engine.pulumi), "--non-interactive"], {
      cwd: engine.pulumi.project.folder,
      env: { ...process.env, ...engine.pulumi.env },
      stdio: "ignore",
      // A process group of its own: the engine, the program and the plugins all go at once.
      detached: true,
    });
    const exited = once(child, "exit");
    try {
      await eventually(180_000, async () => expect((await ready()).length).toBeGreaterThanOrEqual(1));
      expect(child.exitCode).toBeNull();
    } finally {
      if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
      await exited;
    }
    expect((await ready()).length).toBeLessThan(others.length);
  });

  it("makes all others when one can't be made, and says which", async () => {
    const error: unknown = await engine.up().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof PulumiError)) throw new Error(`expected pulumi up to fail, got ${String(error)}`);
    expect(error.output).toMatch(/claim-counter-database.*\n?.*already exists/);
    expect(await ready()).toEqual(others);
    await eventually(30_000, async () => expect(await Promise.all(others.map(statusOf))).toEqual(others.map(() => 200)));
  });

  it("is finished by the next one when the reason is gone", async () => {
    await administrate(`drop database ${database}`);
    const deployed = await engine.up();
    expect(deployed.instances.map(({ name }) => name)).toEqual(names);
    const instance = instanceOf(deployed, unlucky);
    const client = { trackingUri: instance.trackingUri, token: tokenOf(instance, "ci"), caPath: deployed.platform.caPath };
    expect((await logFirstRun(deployed.python, client)).alias).toBe("champion");
    expect(await engine.preview()).toEqual([]);
  });
});
