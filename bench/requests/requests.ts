import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { deployInstances, type Deployed, type ReadyPlatform } from "../../local/commands/up.ts";
import { removeObjectStoreUsers } from "../../local/platform/index.ts";
import { silentReport } from "../../local/report.ts";
import { openPulumi } from "../../local/stack/pulumi.ts";
import { scratchProject } from "../../test/support/scratchProject.ts";
import { destroyUnguarded } from "../../test/engine/support/unguarded.ts";
import { instanceFile } from "../instanceFile.ts";
import { median, type Row } from "../table.ts";
import { seedRuns, type Target } from "./seedRuns.ts";
import { serveStock } from "./stockServer.ts";

const profile = "test";
const rounds = 3;
const secondsEach = 1.5;
const kinds = ["get", "search", "create", "log-batch", "OTLP", "upload", "download"] as const;
const writes: readonly string[] = ["create", "log-batch", "OTLP", "upload"];
const clientCounts = [1, 8, 32] as const;

/**
 * Stock MLflow has no authentication; each server has a database and a bucket of its own on the
 * same two servers.
 */
const servers = [
  { name: "requests-ours", what: "this project, with a token" },
  { name: "requests-stock-one", what: "stock MLflow, 1 worker", workers: 1 },
  { name: "requests-stock-many", what: "stock MLflow's defaults (4 workers)", workers: undefined },
] as const;
const [ours, one, many] = servers;

interface Load {
  readonly took: number;
  readonly seconds: readonly number[];
  /** Answers other than 200, and the first of them. */
  readonly failed: number;
  readonly first: readonly string[];
}

/** Milliseconds of the median request, and requests per second, of each round. */
interface Measured {
  readonly milliseconds: number[];
  readonly rates: number[];
  failed: number;
}

/**
 * Requests through the TLS ingress, ours beside stock MLflow in turns: every round of a kind asks
 * one server after the other.
 */
export async function requestTimes(ready: ReadyPlatform): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-bench-requests-"));
  const project = await scratchProject(folder, "requests");
  const { instancesFolder } = project;
  for (const { name } of servers)
    await writeFile(join(instancesFolder, `${name}.yaml`), instanceFile("bench"));
  const pulumi = await openPulumi(ready.pulumi.cli, project, join(folder, "state"));
  try {
    const deployed = await deployInstances({ ...ready, pulumi }, profile, silentReport);
    return await measureAll(deployed, await targets(deployed));
  } finally {
    await destroyUnguarded(pulumi);
    for (const { name } of servers) await removeObjectStoreUsers(profile, name);
    await rm(folder, { recursive: true, force: true });
  }
}

async function targets(deployed: Deployed): Promise<Map<string, Target>> {
  const found = new Map<string, Target>();
  for (const server of servers) {
    const instance = deployed.instances.find(({ name }) => name === server.name);
    const token = instance?.tokens.find(({ role }) => role === "edit");
    if (instance === undefined || token === undefined)
      throw new Error(`no outputs of ${server.name}`);
    const stock = "workers" in server;
    if (stock) await serveStock(deployed, instance, server.workers);
    const access = {
      uri: instance.trackingUri,
      token: stock ? undefined : token.value,
      caPath: deployed.platform.caPath,
    };
    found.set(server.name, await seedRuns(access, Math.max(...clientCounts)));
  }
  return found;
}

async function measureAll(deployed: Deployed, of: ReadonlyMap<string, Target>): Promise<Row[]> {
  const rows: Row[] = [];
  const before = loadavg()[0] ?? NaN;
  for (const kind of kinds) {
    for (const clients of clientCounts) {
      const measured = new Map<string, Measured>(
        servers.map(({ name }) => [name, { milliseconds: [], rates: [], failed: 0 }]),
      );
      for (let round = 0; round < rounds; round += 1) {
        for (const { name } of servers) {
          const { took, seconds, failed, first } = await load(
            deployed,
            of.get(name),
            kind,
            clients,
          );
          const figures = measured.get(name)!;
          if (seconds.length > 0) figures.milliseconds.push(median(seconds) * 1000);
          figures.rates.push(seconds.length / took);
          if (failed > 0 && figures.failed === 0)
            console.log(`${name}, ${kind}, ${clients} clients: ${first.join()}`);
          figures.failed += failed;
        }
      }
      console.log(`${kind}, ${clients} clients: measured`);
      rows.push(...rowsOf(kind, clients, measured));
    }
  }
  console.log(
    `Beside the requests: the embedded platform, 3 idle pods, the load generator; load average before ${before.toFixed(1)}.`,
  );
  return rows;
}

async function load(
  deployed: Deployed,
  target: Target | undefined,
  kind: string,
  clients: number,
): Promise<Load> {
  if (target === undefined) throw new Error("a server was not prepared");
  const settings = { ...target.settings, kind, clients, seconds: secondsEach };
  const { stdout } = await promisify(execFile)(
    deployed.python,
    [join(import.meta.dirname, "load.py"), JSON.stringify(settings)],
    {
      env: {
        PATH: "/usr/bin:/bin",
        ...(target.token === undefined ? {} : { BENCH_TOKEN: target.token }),
      },
      maxBuffer: 64 * 1024 * 1024,
      timeout: 180_000,
    },
  );
  return JSON.parse(stdout) as Load;
}

function rowsOf(kind: string, clients: number, measured: ReadonlyMap<string, Measured>): Row[] {
  const of = ({ name }: { name: string }): Measured => measured.get(name)!;
  const compared = "none, for comparison";
  const size = kind === "upload" || kind === "download" ? "4 MiB " : "";
  const what = `${size}${kind}, ${clients} client${clients === 1 ? "" : "s"}`;
  const failures = servers
    .filter((server) => of(server).failed > 0)
    .map((server) => ({
      what: `${what}, requests that failed: ${server.what}`,
      figures: [of(server).failed],
      unit: "",
      bound: server === ours ? "none" : compared,
    }));
  if (clients !== 1) {
    const rates = servers.map((server) => ({
      what: `${what}: ${server.what}`,
      figures: of(server).rates,
      unit: "/s",
      bound: compared,
    }));
    if (clients !== 8) return [...rates, ...failures];
    const ratio = of(ours).rates.map((rate, round) => rate / (of(one).rates[round] ?? NaN));
    return [
      ...rates,
      {
        what: `${what}: in stock's with 1 worker`,
        figures: ratio,
        unit: "times",
        bound: "at least 1.0",
      },
      ...failures,
    ];
  }
  const times = servers.map((server) => ({
    what: `${what}, median request: ${server.what}`,
    figures: of(server).milliseconds,
    unit: "ms",
    bound: compared,
  }));
  const inTurns = (other: (round: number) => number): number[] =>
    of(ours).milliseconds.map((each, round) => each / other(round));
  const better = inTurns((round) =>
    Math.min(of(one).milliseconds[round] ?? NaN, of(many).milliseconds[round] ?? NaN),
  );
  const defaults = inTurns((round) => of(many).milliseconds[round] ?? NaN);
  return [
    ...times,
    {
      what: `${what}: in the better stock's`,
      figures: better,
      unit: "times",
      bound: "at most 1.1",
    },
    ...failures,
    ...(writes.includes(kind)
      ? [
          {
            what: `${what}: in stock's defaults`,
            figures: defaults,
            unit: "times",
            bound: "at most 0.5",
          },
        ]
      : []),
  ];
}
