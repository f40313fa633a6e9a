import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Deployed } from "../../../local/commands/up.ts";
import { openContext } from "../../../cli/maintenance/job/openCluster.ts";
import { retention } from "../../../cli/maintenance/retention.ts";
import { patience } from "../../../cli/maintenance/job/job.ts";
import { run, type Outputs } from "../../../cli/maintenance/job/runJob.ts";
import { cluster } from "../support/cluster.ts";
import { differences } from "../support/difference.ts";
import { instanceOf, tokenOf, type Engine } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import { InstanceState } from "../support/instanceState.ts";
import { file, name, parcelForecast, stack } from "../support/parcelForecast.ts";
import { runPython, type Client } from "../support/python.ts";

// The platform team's commands as they are typed, on a real instance. What the jobs select and
// remove is proved by the tests of retention, stale runs and orphans; here it is that the commands
// reach them, show what they say, and change nothing when they must not.

const namespace = `mlflow-${name}`;
const day = 24 * 3600 * 1000;
const seed = `
import json, mlflow, os, tempfile
client = mlflow.MlflowClient()
made = {}
for name in ("north depot", "south depot", "east depot"):
    experiment = client.create_experiment(name)
    run = client.create_run(experiment)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "forecast.txt")
        open(path, "w").write(name * 100)
        client.log_artifact(run.info.run_id, path)
    client.set_terminated(run.info.run_id)
    made[name] = {"experiment": experiment, "run": run.info.run_id}
for name in ("north depot", "south depot"):
    client.delete_experiment(made[name]["experiment"])
print(json.dumps(made))
`;

let engine: Engine;
let deployed: Deployed;
let client: Client;
let state: InstanceState;
let scratch: string;
let made: Record<string, { experiment: string; run: string }>;

const of = (experiment: string): { experiment: string; run: string } => {
  const found = made[experiment];
  if (found === undefined) throw new Error(`no experiment ${experiment} was made`);
  return found;
};

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "operations-"));
  ({ engine, deployed } = await parcelForecast());
  const instance = instanceOf(deployed, name);
  client = {
    python: deployed.python,
    trackingUri: instance.trackingUri,
    token: tokenOf(instance, "ci"),
    caPath: deployed.platform.caPath,
  };
  state = await InstanceState.open(deployed, instance);
  const { code, output } = await runPython(client.python, seed, client);
  if (code !== 0) throw new Error(output);
  made = JSON.parse(output.trim().split("\n").at(-1) ?? "") as typeof made;
  // The clock of the rows: both experiments were deleted 40 days ago.
  await state.sql.query(
    "update experiments set last_update_time = $1 where lifecycle_stage = 'deleted'",
    [Date.now() - 40 * day],
  );
  await state.sql.query("update runs set deleted_time = $1 where lifecycle_stage = 'deleted'", [
    Date.now() - 40 * day,
  ]);
});

afterAll(async () => {
  await state?.close();
  await rm(scratch, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly notes: string;
}

const projectFolder = (): string => engine.pulumi.project.folder;
const cli = (): string => join(projectFolder(), "cli", "main.ts");

/** Types a command without a terminal; `onNotes` sees standard error as it grows and may end it. */
function type(
  args: readonly string[],
  onNotes: (notes: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  return spawned(process.execPath, [cli(), ...args], "", onNotes);
}

/** Types a command on a terminal of its own, and an answer to its question. */
function typeOnTerminal(args: readonly string[], answer: string): Promise<Ended> {
  const words = [process.execPath, cli(), ...args].map((word) => `'${word}'`).join(" ");
  return spawned("script", ["--quiet", "--return", "--command", words, "/dev/null"], answer);
}

function spawned(
  program: string,
  args: readonly string[],
  input: string,
  onNotes: (notes: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectFolder(), stdio: ["pipe", "pipe", "pipe"] });
    let [output, notes] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => {
      notes += String(chunk);
      onNotes(notes, () => child.kill("SIGINT"));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output, notes }));
    child.stdin.end(input);
  });
}

/** Rows and keys; the jobs' own folder aside. */
async function everything(): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = (await state.objects()).flatMap(({ key, latest, marker }) =>
    latest && !marker && !key.startsWith("maintenance/") ? [key] : [],
  );
  return new Map([...(await state.database()).texts(), ["keys", keys]]);
}

async function expectUnchanged(work: () => Promise<void>): Promise<void> {
  const before = await everything();
  await work();
  expect(differences(await everything(), before)).toEqual([]);
}

const eventsIn = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const keys = async (prefix: string): Promise<string[]> =>
  (await state.objects(prefix)).flatMap(({ key, latest, marker }) =>
    latest && !marker ? [key] : [],
  );
const stageOf = async (experiment: string): Promise<string | undefined> => {
  const query = "select lifecycle_stage as stage from experiments where experiment_id = $1";
  return (await state.sql.query<{ stage: string }>(query, [Number(of(experiment).experiment)]))
    .rows[0]?.stage;
};
const jobs = async (): Promise<any[]> =>
  JSON.parse(
    (await cluster(deployed).kubectl(["get", "jobs", "--namespace", namespace, "-o", "json"]))
      .output,
  ).items;

describe("retention", () => {
  it("lists in a dry run what goes, for people and for machines, and changes nothing", () =>
    expectUnchanged(async () => {
      const json = join(scratch, "plan.jsonl");
      const { code, output, notes } = await type([
        "retention",
        stack,
        name,
        "--dry-run",
        "--json",
        json,
      ]);
      expect({ code, notes }).toMatchObject({ code: 0 });
      for (const experiment of ["north depot", "south depot"]) {
        expect(output).toMatch(
          new RegExp(`^remove +run +${of(experiment).run} +1 object +1\\.1 KiB +deleted 20`, "m"),
        );
        expect(output).toMatch(
          new RegExp(`^remove +experiment +${of(experiment).experiment} .*"${experiment}"$`, "m"),
        );
      }
      expect(output).not.toContain("east depot");
      expect(output).toMatch(
        /^retention of parcel-forecast \(dry run: nothing was changed\), took \d+ s$/m,
      );
      const events = eventsIn(await readFile(json, "utf8"));
      const removed = events.flatMap(({ event, kind, id }) =>
        event === "remove" ? [`${String(kind)} ${String(id)}`] : [],
      );
      const expected = ["north depot", "south depot"].flatMap((each) => [
        `experiment ${of(each).experiment}`,
        `run ${of(each).run}`,
      ]);
      expect(removed.toSorted()).toEqual(expected.toSorted());
      expect(events.at(-1)).toMatchObject({ event: "summary", instance: name, dryRun: true });
    }));

  it("starts a Job that goes with its CronJob, isn't counted by its schedule, and says who asked for what", async () => {
    const job = (await jobs()).find(({ metadata }) => metadata.name.startsWith("retention-20"));
    expect(job.metadata.annotations["mlflow-instances/command"]).toBe(
      "mlflow-instance-retention --dry-run",
    );
    expect(job.metadata.annotations["mlflow-instances/requested-by"]).toMatch(/^\S+@\S+$/);
    expect(job.metadata.ownerReferences).toEqual([
      expect.objectContaining({ kind: "CronJob", name: "retention", controller: false }),
    ]);
    expect(job.spec).toMatchObject({
      backoffLimit: 0,
      ttlSecondsAfterFinished: expect.any(Number),
    });
  });

  it("leaves its Job running nowhere when a dry run is interrupted", async () => {
    let job = "";
    const { code, notes } = await type(["retention", stack, name, "--dry-run"], (notes, end) => {
      job = /^Job (\S+) /m.exec(notes)?.[1] ?? "";
      if (job !== "") end();
    });
    expect({ code, notes }).toMatchObject({
      code: 130,
      notes: expect.stringContaining(`job ${job} was deleted`),
    });
    await eventually(30_000, async () =>
      expect((await jobs()).map(({ metadata }) => metadata.name)).not.toContain(job),
    );
  });

  it("ends with 7 while another maintenance command works on the instance", async () => {
    await state.sql.query("select pg_advisory_lock(x'6D6C666C6F78'::bigint)");
    try {
      const { code, notes } = await type(["retention", stack, name]);
      expect({ code, notes }).toMatchObject({
        code: 7,
        notes: expect.stringContaining("Another maintenance command works on this instance"),
      });
    } finally {
      await state.sql.query("select pg_advisory_unlock_all()");
    }
    expect(await stageOf("south depot")).toBe("deleted");
  });
});

describe("restore-deleted", () => {
  it("takes an experiment back by its name, with its run, for the unmodified client", async () => {
    const { code, output, notes } = await type(["restore-deleted", stack, name, "north depot"]);
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(output).toMatch(
      new RegExp(`^restored +experiment +${of("north depot").experiment} +"north depot"$`, "m"),
    );
    const program = `
import mlflow
client = mlflow.MlflowClient()
print(client.get_experiment_by_name("north depot").lifecycle_stage, client.get_run("${of("north depot").run}").info.lifecycle_stage)
`;
    expect((await runPython(client.python, program, client)).output.trim()).toBe("active active");
  });

  it.each([
    ["what is not deleted", "north depot", /is not deleted/],
    [
      "what isn't known",
      "$(MLFLOW_BACKEND_STORE_URI); `id`",
      /no experiment, run or logged model .*\$\(MLFLOW_BACKEND_STORE_URI\); `id`/,
    ],
  ])("refuses %s", (_what, wanted, words) =>
    expectUnchanged(async () => {
      const { code, notes } = await type(["restore-deleted", stack, name, wanted]);
      expect(code).toBe(2);
      expect(notes).toMatch(words);
    }),
  );
});

describe("a real run of retention", () => {
  it("removes what the dry run listed and what nobody took back, and nothing else", async () => {
    const { code, output, notes } = await type(["retention", stack, name]);
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(output).toMatch(/^ {2}removed: 1 run, 1 experiment, 1 object, 1\.1 KiB$/m);
    expect(await stageOf("south depot")).toBeUndefined();
    expect(await stageOf("north depot")).toBe("active");
    expect(await stageOf("east depot")).toBe("active");
    expect(await keys(`artifacts/${of("south depot").experiment}/`)).toEqual([]);
    expect(await keys(`artifacts/${of("north depot").experiment}/`)).toHaveLength(1);
  });

  it("finds nothing more", async () => {
    const { code, output } = await type(["retention", stack, name, "--dry-run", "--json", "-"]);
    expect(code).toBe(0);
    expect(eventsIn(output).filter(({ event }) => event === "remove")).toEqual([]);
  });

  it("is named when what it removed is asked for", async () => {
    const { code, notes } = await type(["restore-deleted", stack, name, "south depot"]);
    expect({ code, notes }).toMatchObject({
      code: 2,
      notes: expect.stringMatching(/was removed for good by the retention run of 20/),
    });
  });
});

describe("purge", () => {
  const depot = "east depot";
  const ofClient = (program: string) =>
    runPython(client.python, `import mlflow\nclient = mlflow.MlflowClient()\n${program}`, client);
  const taken = `
try:
    client.create_experiment("${depot}")
except mlflow.MlflowException as error:
    print(error)
`;

  it.each<[string, () => Promise<Ended>, RegExp]>([
    [
      "what is active",
      () => type(["purge", stack, name, "experiment", depot, "--confirm", depot]),
      /is not deleted/,
    ],
    [
      "without a terminal",
      () => type(["purge", stack, name, "experiment", depot]),
      /use --confirm <its name>/,
    ],
  ])("removes nothing: %s", (_how, work, words) =>
    expectUnchanged(async () => {
      const { code, notes } = await work();
      expect({ code, notes }).toMatchObject({ code: 2, notes: expect.stringMatching(words) });
    }),
  );

  it("shows what goes, and another answer than its name ends it", async () => {
    const { output } = await ofClient(
      `client.delete_experiment("${of(depot).experiment}")\n${taken}`,
    );
    expect(output).toContain(
      `npx mlflow-instances purge <stack> <instance> experiment ${of(depot).experiment}`,
    );
    await expectUnchanged(async () => {
      const { code, output: shown } = await typeOnTerminal(
        ["purge", stack, name, "experiment", depot],
        "yes\n",
      );
      expect({ code, shown }).toMatchObject({
        code: 2,
        shown: expect.stringMatching(/That is not its name/),
      });
      expect(shown).toMatch(new RegExp(`remove +run +${of(depot).run} +1 object`));
    });
  });

  it("removes it with its rows and objects, says who asked in the report, and its name is free", async () => {
    const { code, output, notes } = await typeOnTerminal(
      ["purge", stack, name, "experiment", depot],
      `${depot}\n`,
    );
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(output).toMatch(/ removed: 1 run, 1 experiment, 1 object/);
    expect(await stageOf(depot)).toBeUndefined();
    expect(await keys(`artifacts/${of(depot).experiment}/`)).toEqual([]);
    expect((await keys("maintenance/purge/")).map((key) => key.split("/").at(-1))).toEqual(
      expect.arrayContaining(["plan-0001.jsonl", "report.json"]),
    );
    expect(
      (await ofClient(`print("free", client.create_experiment("${depot}"))`)).output,
    ).toContain("free");
  });
});

describe("orphans", () => {
  const planted = "artifacts/999/left behind.bin";
  const young = "artifacts/999/young.bin";

  beforeAll(async () => {
    for (const Key of [planted, young])
      await state.s3.send(
        new PutObjectCommand({ Bucket: state.bucket, Key, Body: "x".repeat(2048) }),
      );
    await state.ageObjects("artifacts/999", 2 * day, (key) => key.endsWith(planted));
  });

  it("lists the object that no row points to, and neither a young one nor one in use", () =>
    expectUnchanged(async () => {
      const { code, output, notes } = await type(["orphans", stack, name]);
      expect({ code, notes }).toMatchObject({ code: 0 });
      expect(output.split("\n").filter((line) => line.startsWith("orphan "))).toEqual([
        expect.stringMatching(
          /^orphan +2\.0 KiB {2}of 20.* UTC {2}artifacts\/999\/left behind\.bin$/,
        ),
      ]);
    }));

  it.each<[string, () => Promise<Ended>, RegExp]>([
    [
      "without a terminal",
      () => type(["orphans", stack, name, "--remove"]),
      /there is none: say --confirm parcel-forecast/,
    ],
    [
      "with another name",
      () => type(["orphans", stack, name, "--remove", "--confirm", "parcel"]),
      /not the instance's name/,
    ],
    [
      "with another name on a terminal",
      () => typeOnTerminal(["orphans", stack, name, "--remove"], "yes\n"),
      /not the instance's name/,
    ],
  ])("removes nothing %s", (_how, work, words) =>
    expectUnchanged(async () => {
      const before = (await jobs()).length;
      const { code, output, notes } = await work();
      expect(code).toBe(2);
      expect(output + notes).toMatch(words);
      expect(await jobs()).toHaveLength(before);
    }),
  );

  it("removes it, and nothing else, when the name is typed on a terminal", async () => {
    const before = await everything();
    const { code, output } = await typeOnTerminal(
      ["orphans", stack, name, "--remove"],
      `${name}\n`,
    );
    expect({ code, output }).toMatchObject({ code: 0 });
    const gone = new Map(before);
    gone.set(
      "keys",
      (before.get("keys") ?? []).filter((key) => key !== planted),
    );
    expect(differences(await everything(), gone)).toEqual([]);
  });

  it("takes the name from --confirm, and has nothing left to do", async () => {
    const { code } = await type(["orphans", stack, name, "--remove", "--confirm", name]);
    expect(code).toBe(0);
    expect(await keys("artifacts/999/")).toEqual([young]);
  });
});

describe("stale-runs", () => {
  it("lists in a dry run, with the other CronJob's own login", async () => {
    const { code, output, notes } = await type(["stale-runs", stack, name, "--dry-run"]);
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(output).toMatch(/^stale-runs of parcel-forecast \(dry run: nothing was changed\)/m);
  });
});

describe("what can't work", () => {
  it("names an instance that has a file and isn't deployed", async () => {
    await engine.instance("route-costs", file);
    try {
      const { code, notes } = await type(["retention", stack, "route-costs"]);
      expect(code).toBe(2);
      expect(notes).toMatch(
        /^Instance route-costs is not deployed .* Run `pulumi up --stack operations`; .*\.\n$/,
      );
    } finally {
      await engine.instance("route-costs", undefined);
    }
  });

  it("names the nearest instance to a mistyped one", async () => {
    const { code, notes } = await type(["retention", stack, "parcel-forcast"]);
    expect(code).toBe(2);
    expect(notes).toMatch(
      /^Stack operations has no instance "parcel-forcast"; .* are: parcel-forecast\.\n$/,
    );
  });

  it("names each right that a login lacks, and starts nothing", async () => {
    const { kubectl } = cluster(deployed);
    const inNamespace = ["--namespace", namespace];
    const must = async (args: string[]): Promise<string> => {
      const { code, output } = await kubectl([...args, ...inNamespace]);
      if (code !== 0) throw new Error(output);
      return output.trim();
    };
    await must(["create", "serviceaccount", "guest"]);
    await must(["create", "role", "guest", "--verb=get", "--resource=cronjobs,jobs"]);
    await must([
      "create",
      "rolebinding",
      "guest",
      "--role=guest",
      `--serviceaccount=${namespace}:guest`,
    ]);
    const config = new KubeConfig();
    config.loadFromFile(deployed.platform.kubeconfigPath);
    const { server = "", caData } = config.getCurrentCluster() ?? {};
    const asGuest = {
      clusters: [{ name: "c", cluster: { server, "certificate-authority-data": caData } }],
      users: [{ name: "guest", user: { token: await must(["create", "token", "guest"]) } }],
      contexts: [{ name: "guest", context: { cluster: "c", user: "guest" } }],
    };
    const kubeconfig = join(scratch, "kubeconfig");
    await writeFile(kubeconfig, stringify(asGuest), { mode: 0o600 });
    const place = { kubeconfig, context: "guest" };
    const target = { stack, instance: name, namespace, place };
    const sink = { write: async () => undefined, end: async () => undefined };
    const before = (await jobs()).length;
    const outputs: Outputs = {
      people: sink,
      machines: undefined,
      notes: sink,
      during: (_, work) => work(),
    };
    const attempt = (use = retention({ dryRun: true })) =>
      run(use, target, openContext(place), outputs, patience, new AbortController().signal);
    await expect(attempt()).rejects.toThrow(
      /to create jobs\.batch, delete jobs\.batch, list pods, get pods\/log\.$/,
    );
    await must(["delete", "rolebinding", "guest"]);
    await eventually(10_000, () =>
      expect(attempt()).rejects.toThrow(
        /cronjobs\.batch "retention" is forbidden: User "system:serviceaccount:.*:guest" cannot get resource/,
      ),
    );
    expect(await jobs()).toHaveLength(before);
  });
});
