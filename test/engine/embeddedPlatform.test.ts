import { execFile, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { profileNetwork, profilePaths } from "../../local/paths.ts";
import { call, identityOf } from "../../local/platform/https.ts";
import { kubernetesApi } from "../../local/platform/kubernetesApi.ts";
import {
  networkPolicyStatus,
  platformStatus,
  serviceNames,
  startPlatform,
  stopPlatform,
} from "../../local/platform/index.ts";
import { postgresqlAdmin } from "../../local/platform/values.ts";
import { silentReport } from "../../local/report.ts";
import { engineContext } from "./support/context.ts";

/**
 * The platform itself: what listens where, who is let in, and that nothing is lost or left behind
 * when something is killed. It shows that of processes; a power failure, which needs the disk's own
 * word, it can't show.
 */
const { profile } = engineContext().platform;
const network = profileNetwork(profile);
const paths = profilePaths(profile);
const mark = `kept-${process.pid}`;

const run = promisify(execFile);
const start = () => startPlatform(profile, silentReport);

async function pids(): Promise<Map<string, number>> {
  const services = await platformStatus(profile);
  return new Map(services.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])));
}

async function expectAllHealthy(): Promise<void> {
  const services = await platformStatus(profile);
  expect(
    services.filter(({ healthy }) => !healthy).map(({ name, detail }) => `${name}: ${detail}`),
  ).toEqual([]);
  expect(services.map(({ name }) => name)).toEqual(serviceNames);
}

async function query(sql: string, settings: pg.ClientConfig = {}): Promise<unknown[]> {
  const client = new pg.Client({
    host: network.nodeIp,
    port: network.ports.postgresql,
    user: postgresqlAdmin,
    database: "postgres",
    password: (await readFile(paths.postgresqlAdminPassword, "utf8")).trim(),
    ssl: { ca: (await identityOf(paths.pki, "ca")).ca },
    ...settings,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const noteUrl = `/api/v1/namespaces/default/configmaps/${mark}`;

/** One thing in each store. */
async function writeData(): Promise<void> {
  await query(`create table "${mark}" as select 42 as answer`);
  await (
    await kubernetesApi(network, paths)
  ).apply(noteUrl, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: mark },
    data: { answer: "42" },
  });
}

async function expectData(): Promise<void> {
  expect(await query(`select answer from "${mark}"`)).toEqual([{ answer: 42 }]);
  const note = await (
    await kubernetesApi(network, paths)
  ).get<{ data: Record<string, string> }>(noteUrl);
  expect(note?.data).toEqual({ answer: "42" });
}

beforeAll(writeData);

afterAll(async () => {
  await start();
  await query(`drop table "${mark}"`);
  await (await kubernetesApi(network, paths)).remove(noteUrl);
});

describe("a running platform", () => {
  it("answers with every service and enforces network policies", async () => {
    await expectAllHealthy();
    expect((await networkPolicyStatus(profile)).enforced).toBe(true);
  });

  it("is adopted by a second start as it is", async () => {
    const before = await pids();
    await start();
    expect(await pids()).toEqual(before);
  });

  it("listens inside of its own network only, on the node's addresses", async () => {
    const own = new Set((await pids()).values());
    const { stdout: outside } = await run("ss", ["-Hltnp"]);
    const foreign = outside
      .split("\n")
      .filter((line) => [...line.matchAll(/pid=(\d+)/g)].some(([, pid]) => own.has(Number(pid))));
    expect(foreign).toEqual([]);
    const { stdout: inside } = await run("nsenter", [
      `--net=/run/netns/${network.namespace}`,
      "ss",
      "-Hltn",
    ]);
    const addresses = inside
      .trim()
      .split("\n")
      .map((line) => (line.trim().split(/\s+/)[3] ?? "").replace(/:\d+$/, ""));
    expect(addresses.length).toBeGreaterThan(8);
    for (const address of addresses)
      expect([network.nodeIp, network.dnsIp, "127.0.0.1"]).toContain(address);
  });

  it("has no default route: nothing in it reaches the internet", async () => {
    const { stdout } = await run("ip", ["-n", network.namespace, "route", "show", "default"]);
    expect(stdout).toBe("");
  });

  it("shows no secret in the arguments of its processes", async () => {
    const users = join(paths.secrets, "objectstore-users");
    const files = [
      paths.postgresqlAdminPassword,
      paths.objectStoreRootKey,
      ...(await readdir(users).catch(() => [])).map((name) => join(users, name)),
    ];
    const secrets = await Promise.all(
      files.map(async (file) => (await readFile(file, "utf8")).trim()),
    );
    for (const [name, pid] of await pids()) {
      const text = await readFile(`/proc/${pid}/cmdline`, "utf8");
      for (const secret of secrets) expect(text.includes(secret), name).toBe(false);
    }
  });

  it("lets nobody into PostgreSQL without TLS or with a wrong password, and shows a certificate of its own CA", async () => {
    await expect(query("select 1", { ssl: false })).rejects.toThrow("no encryption");
    await expect(query("select 1", { password: "wrong" })).rejects.toThrow(
      "password authentication failed",
    );
    await expect(
      query("select 1", { ssl: { ca: (await identityOf(paths.pki, "cluster-ca")).ca } }),
    ).rejects.toThrow(/certificate/);
  });

  it("lets nobody into the API server, the kubelet or etcd without a certificate", async () => {
    const cluster = await identityOf(paths.pki, "cluster-ca");
    expect(
      (await call(`https://${network.nodeIp}:${network.ports.apiServer}/healthz`, cluster)).status,
    ).toBe(401);
    expect((await call(`https://${network.nodeIp}:10250/pods`, cluster)).status).toBe(401);
    await expect(
      call(`https://${network.nodeIp}:2379/health`, await identityOf(paths.pki, "etcd-ca")),
    ).rejects.toThrow();
  });

  it("refuses a key that no user has at the object store", async () => {
    const answer = await call(
      `https://${network.nodeIp}:${network.ports.objectStore}/`,
      await identityOf(paths.pki, "ca"),
    );
    expect(answer.status).toBe(403);
  });
});

describe("after kill -9", () => {
  it.each(serviceNames)(
    "of %s the next start brings it back, and no other process is replaced",
    async (name) => {
      const before = await pids();
      const pid = before.get(name);
      if (pid === undefined) throw new Error(`${name} does not run`);
      process.kill(pid, "SIGKILL");
      await start();
      await expectAllHealthy();
      const after = await pids();
      expect(after.get(name)).not.toBe(pid);
      before.delete(name);
      after.delete(name);
      expect(after).toEqual(before);
      await expectData();
    },
  );

  it("of everything at once, the first process included, nothing is left and nothing is lost", async () => {
    const before = await pids();
    const [holder] = (await readFile(join(paths.run, "holder"), "utf8")).split(" ");
    process.kill(Number(holder), "SIGKILL");
    await sleep(1_000);
    expect((await platformStatus(profile)).filter(({ running }) => running)).toEqual([]);
    await start();
    await expectAllHealthy();
    for (const [name, pid] of await pids()) expect(before.get(name), name).not.toBe(pid);
    await expectData();
  });

  it.each([300, 1_500, 4_000])("of a start after %i ms the next one takes over", async (moment) => {
    await stopPlatform(profile, silentReport);
    const program = [
      `const { startPlatform } = await import(${JSON.stringify(join(import.meta.dirname, "../../local/platform/index.ts"))});`,
      `const { silentReport } = await import(${JSON.stringify(join(import.meta.dirname, "../../local/report.ts"))});`,
      `await startPlatform(${JSON.stringify(profile)}, silentReport);`,
    ].join("\n");
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: "ignore",
    });
    await sleep(moment);
    child.kill("SIGKILL");
    await start();
    await expectAllHealthy();
    await expectData();
    // One process of each: the killed start left no second one.
    const { stdout } = await run("ip", ["netns", "pids", network.namespace]);
    const commands = await Promise.all(
      stdout
        .trim()
        .split("\n")
        .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
    );
    for (const program of [
      "/etcd",
      "/kube-apiserver",
      "/kubelet",
      "/versitygw",
      "/traefik",
      "/coredns",
    ]) {
      expect(
        commands.filter((line) => (line.split("\0")[0] ?? "").endsWith(program)).length,
        program,
      ).toBe(1);
    }
  });
});

describe("a stop", () => {
  it("leaves no process, network, mount, control group or name behind, and the next start finds the data", async () => {
    const before = await pids();
    await stopPlatform(profile, silentReport);
    for (const [name, pid] of before)
      await expect(readFile(`/proc/${pid}/cmdline`), name).rejects.toThrow("ENOENT");
    expect((await run("ip", ["netns", "list"])).stdout).not.toContain(network.namespace);
    expect((await run("ip", ["-o", "link"])).stdout).not.toContain(network.hostLink);
    expect(await readFile("/proc/mounts", "utf8")).not.toContain(`mlflow-instances/${profile}/`);
    expect(await readFile("/etc/hosts", "utf8")).not.toContain(network.domain);
    expect(await readdir("/run/mlflow-instances")).not.toContain(profile);
    const groups = await run("find", [
      "/sys/fs/cgroup",
      "-maxdepth",
      "3",
      "-name",
      `mlflow-instances-${profile}`,
    ]);
    expect(groups.stdout).toBe("");
    await start();
    await expectAllHealthy();
    await expectData();
  });
});
