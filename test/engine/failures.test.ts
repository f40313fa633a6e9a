import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { platformStatus } from "../../local/platform/index.ts";
import { recover } from "../../local/stack/recover.ts";
import { PulumiError } from "../../local/stack/pulumi.ts";
import { configureStack } from "../../local/stack/configure.ts";
import { logFirstRun } from "../../local/client/firstRun.ts";
import { soon } from "../support/dates.ts";
import { cluster } from "./support/cluster.ts";
import { engineStack, instanceOf, tokenOf, type Engine } from "./support/engine.ts";
import { eventually } from "./support/eventually.ts";

// Proves what happens when something is wrong or dies: with the input, with the platform, with
// `pulumi up` itself.

const file = `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
tokens:
  ci: { role: edit, expires: ${soon} }
`;
const name = "card-checks";
let engine: Engine;

beforeAll(async () => {
  engine = await engineStack("failures");
  await engine.instance(name, file);
});

afterAll(() => engine.remove());

/** What the CLI printed of an `up` that must fail. */
async function failedUp(): Promise<string> {
  const error: unknown = await engine.pulumi
    .run(["up", "--yes", "--skip-preview", "--stack", "failures"])
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof PulumiError))
    throw new Error(`expected pulumi up to fail, got ${String(error)}`);
  return error.output;
}

const resources = async (): Promise<unknown[]> => {
  const state = JSON.parse(await engine.pulumi.run(["stack", "export", "--stack", "failures"])) as {
    deployment: { resources?: { type: string }[] };
  };
  return (state.deployment.resources ?? []).filter(
    ({ type }) => type !== "pulumi:pulumi:Stack" && !type.startsWith("pulumi:providers:"),
  );
};

describe("a platform that is away", () => {
  type Platform = { kubernetes: object; postgresql: object; objectStore: object };
  it.each<[string, (platform: Platform, nodeIp: string) => Partial<Platform>, RegExp]>([
    [
      "PostgreSQL",
      ({ postgresql }) => ({ postgresql: { ...postgresql, port: 5999 } }),
      /PostgreSQL.*:5999.*(refused|ECONNREFUSED)/,
    ],
    [
      "the object store",
      ({ objectStore }, ip) => ({
        objectStore: { ...objectStore, endpoint: `https://${ip}:7999` },
      }),
      /:7999.*(refused|ECONNREFUSED)/,
    ],
    [
      "the cluster",
      ({ kubernetes }) => ({ kubernetes: { ...kubernetes, context: "nowhere" } }),
      /kubernetes.*nowhere/i,
    ],
  ])("is named within 10 seconds, and nothing is changed: %s", async (_what, change, message) => {
    const values = await engine.values();
    const platform = values.environment["platform"] as Platform;
    const environment = {
      ...values.environment,
      platform: { ...platform, ...change(platform, engine.platform.nodeIp) },
    };
    await configureStack(engine.pulumi, { ...values, environment });
    const started = Date.now();
    const output = await failedUp();
    expect(output).toMatch(message);
    // The engine and the program start in about 3 s on a busy machine of two cores; the check
    // itself has 10.
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await resources()).toEqual([]);
  });
});

describe("bad input", () => {
  it("is told for every file at once, before anything is made", async () => {
    await engine.instance(name, file.replace("tier: sandbox", "tier: gold\ncolour: red"));
    await engine.instance("route-planner", file.replace(soon, "never"));
    await engine.configure();
    const output = await failedUp();
    expect(output).toMatch(/card-checks\.yaml:\d+:\d+.*tier.*"gold"/);
    expect(output).toMatch(/card-checks\.yaml:\d+:\d+.*colour/);
    expect(output).toMatch(/route-planner\.yaml:\d+:\d+.*tokens\.ci\.expires/);
    expect(output).not.toMatch(/\n\s+at .*\.ts:/);
    expect(await resources()).toEqual([]);
    await engine.instance("route-planner", undefined);
    await engine.instance(name, file);
  });
});

describe("a killed pulumi up", () => {
  it("is taken up by the next one, wherever it was cut off", async () => {
    await engine.configure();
    // On two cores the first resources are made after some 2.6 s; each next run gets further before
    // it is killed.
    for (const milliseconds of [2_600, 2_900, 3_200, 5_000]) {
      const child = spawn(
        engine.cli.cliPath,
        ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "failures"],
        {
          cwd: engine.pulumi.project.folder,
          env: { ...process.env, ...engine.pulumi.env },
          stdio: "ignore",
          // A process group of its own: the engine, the program and the plugins all go at once.
          detached: true,
        },
      );
      await sleep(milliseconds);
      const exited = child.exitCode === null ? once(child, "exit") : undefined;
      if (exited !== undefined && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await exited;
      await recover(engine.pulumi, () => undefined);
    }
    const deployed = await engine.up();
    expect(await engine.preview()).toEqual([]);
    const instance = instanceOf(deployed, name);
    const run = await logFirstRun(deployed.python, {
      trackingUri: instance.trackingUri,
      token: tokenOf(instance, "ci"),
      caPath: deployed.platform.caPath,
    });
    expect(run.alias).toBe("champion");
  });
});

const childrenOf = (pid: number): number[] =>
  execFileSync("ps", ["--ppid", String(pid), "-o", "pid="], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean)
    .map(Number);

describe("a dead database", () => {
  it("takes the pod out of service, and it comes back by itself without a restart", async () => {
    const pods = () =>
      cluster(engine).pods(`mlflow-${name}`, "app.kubernetes.io/component=tracking-server");
    const services = await platformStatus(engine.platform.profile);
    const pid = services.find((service) => service.name === "postgresql")?.pid;
    if (pid === undefined) throw new Error("PostgreSQL has no process");
    // A server that is frozen takes connections and never answers: the hardest kind of dead. Its
    // children are the open connections, with which a pod goes on serving when only new ones can't
    // be had.
    const frozen = [pid, ...childrenOf(pid)];
    for (const one of frozen) process.kill(one, "SIGSTOP");
    try {
      await eventually(60_000, async () =>
        expect((await pods()).map(({ ready }) => ready)).toEqual([false]),
      );
    } finally {
      for (const one of frozen) if (existsSync(`/proc/${one}`)) process.kill(one, "SIGCONT");
    }
    await eventually(60_000, async () =>
      expect((await pods()).map(({ ready }) => ready)).toEqual([true]),
    );
    expect((await pods()).map(({ restarts }) => restarts)).toEqual([0]);
  });
});
