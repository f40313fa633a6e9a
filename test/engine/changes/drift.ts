import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import { cluster } from "../support/cluster.ts";
import type { Engine } from "../support/engine.ts";
import { openStack } from "../../../cli/changes/engine.ts";
import { readFailures } from "../../../cli/changes/preview/failures.ts";
import { guardedUp } from "../../../cli/changes/rollout/guardedUp.ts";
import { takeIn } from "../../../cli/changes/rollout/takeIn.ts";
import { PulumiError } from "../../../local/stack/pulumi.ts";
import { engineStack, nameOf } from "../support/engine.ts";
import { file, parcelForecast, stack } from "../support/parcelForecast.ts";

// Proves on a real engine and cluster that the commands see a change behind Pulumi's back, name it,
// leave the state alone, and put it back when told to. What the official providers' plugins call a
// difference can't be shown here: they can't be downloaded.

const namespace = "mlflow-parcel-forecast";

let engine: Engine;
let deployed: Deployed;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "drift-"));
  ({ engine, deployed } = await parcelForecast());
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** A delivery command as it is typed where `pulumi` is on PATH and logged in. */
function type(...args: string[]): Promise<Ended> {
  const root = engine.pulumi.project.folder;
  const env = { ...process.env, ...engine.pulumi.env, GITHUB_STEP_SUMMARY: "" };
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      [join(root, "cli/main.ts"), ...args],
      { cwd: root, env, maxBuffer: 1e8 },
      (error, out, notes) => resolve({ code: error === null ? 0 : Number(error.code), out, notes }),
    ),
  );
}

const exported = (): Promise<string> => engine.pulumi.run(["stack", "export", "--stack", stack]);

it("names what was changed and taken away outside, with its property, changes nothing, and sees nothing once it was put back", async () => {
  const { kubectl } = cluster(deployed);
  const named = async (kind: string): Promise<string> =>
    (await kubectl(["get", kind, "--namespace", namespace, "-o", "name"])).output
      .split("\n")[0]!
      .split("/")
      .at(-1)!;
  const label = "app.kubernetes.io/managed-by";
  const labelOf = async (): Promise<string> =>
    (
      await kubectl([
        "get",
        "networkpolicy",
        policy,
        "--namespace",
        namespace,
        "-o",
        `jsonpath={.metadata.labels.${label.replaceAll(".", "\\.")}}`,
      ])
    ).output;
  const policy = await named("networkpolicy");
  const cronJob = await named("cronjob");
  const before = await labelOf();
  await kubectl([
    "label",
    "networkpolicy",
    policy,
    "--namespace",
    namespace,
    "--overwrite",
    `${label}=somebody-else`,
  ]);
  await kubectl(["delete", "cronjob", cronJob, "--namespace", namespace]);
  // Both take fields over: kubectl then owns them, and a plain update conflicts with it.
  await kubectl(["scale", "deployment/mlflow", "--replicas=2", "--namespace", namespace]);
  const suspended = JSON.stringify({ spec: { suspend: true } });
  await kubectl(["patch", "cronjob/stale-runs", "--namespace", namespace, "--patch", suspended]);

  const state = await exported();
  const page = join(scratch, "page.md");
  const { code, notes } = await type("drift", stack, "--markdown", page);
  expect({ code, notes }).toEqual({ code: 5, notes: expect.not.stringContaining("rror") });
  const lines = (await readFile(page, "utf8")).split("\n");
  expect(lines).toContain("## Changed outside of Pulumi: 4 objects");
  const row = (object: string, kind: string, field: string) =>
    `| \`parcel-forecast\` | \`${namespace}/${object}\` | ${kind} | changed | \`${field}\` |`;
  expect(lines).toContain(row("mlflow", "Deployment", "spec.replicas"));
  expect(lines).toContain(row("stale-runs", "CronJob", "spec.suspend"));
  expect(lines).toContain(
    `| \`parcel-forecast\` | \`${namespace}/${policy}\` | NetworkPolicy | changed | \`metadata.labels["${label}"]\` |`,
  );
  expect(lines).toContain(
    `| \`parcel-forecast\` | \`${namespace}/${cronJob}\` | CronJob | **gone** |  |`,
  );
  expect(lines.join("\n")).not.toMatch(/## Not deployed|## Policies|somebody-else/);
  expect(await exported()).toBe(state);

  // The engine alone would call it unchanged.
  await kubectl(["delete", "deployment", "mlflow", "--namespace", namespace]);
  const blind = await type("deploy", stack);
  expect(blind.code, blind.notes).toBe(1);
  expect(blind.out).toMatch(
    /The tracking server \(Deployment mlflow in mlflow-parcel-forecast\) of instance parcel-forecast is gone/,
  );
  expect(blind.out).toContain("npx mlflow-instances deploy <stack> --refresh");

  const repaired = await type("deploy", stack, "--refresh");
  expect(repaired, repaired.notes).toMatchObject({ code: 0 });
  expect(await labelOf()).toBe(before);
  expect(await named("cronjob")).toBe(cronJob);
  const field = async (object: string, path: string): Promise<string> =>
    (await kubectl(["get", object, "--namespace", namespace, "-o", `jsonpath={${path}}`])).output;
  expect(await field("deployment/mlflow", ".spec.replicas")).toBe("1");
  expect(await field("cronjob/stale-runs", ".spec.suspend")).toBe("false");
  expect(await type("drift", stack)).toMatchObject({ code: 0 });
});

type State = {
  deployment: {
    resources: {
      type: string;
      urn: string;
      inputs?: Record<string, unknown>;
      outputs?: Record<string, unknown>;
    }[];
  };
};

it("a state whose buckets had the newest plugin plans an update of the provider, and of nothing else", async () => {
  const before = await exported();
  const state = JSON.parse(before) as State;
  const store = state.deployment.resources.filter(({ urn }) =>
    urn.endsWith("pulumi:providers:aws::object-store"),
  );
  expect(store.map(({ inputs }) => inputs?.["version"])).toEqual(["7.12.0"]);
  for (const { inputs, outputs } of store)
    for (const values of [inputs, outputs]) values!["version"] = "7.48.0";
  await engine.pulumi.run(["stack", "import", "--stack", stack], { input: JSON.stringify(state) });
  try {
    const steps = await engine.preview();
    expect(steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)).toEqual([
      "update object-store",
    ]);
  } finally {
    await engine.pulumi.run(["stack", "import", "--stack", stack], { input: before });
  }
});

it("an instance that another stack has on this cluster is an error before anything, with namespace and environment", async () => {
  const other = await engineStack("another");
  try {
    await other.instance("parcel-forecast", file);
    await other.configure();
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const error: unknown = await other.pulumi.run([...command, "--stack", "another"]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof PulumiError)) throw new Error(`expected pulumi ${command[0]} to fail`);
      expect(error.output).toMatch(
        /The namespace mlflow-parcel-forecast of instance parcel-forecast .*environment operations, owner parcels@example.com/,
      );
      expect(error.output).toMatch(
        /database mlflow_parcel_forecast, role mlflow_parcel_forecast, .* exists already/,
      );
    }
    // The one of the stack itself is there and is ours.
    expect(await engine.preview()).toEqual([]);
    const { deployment } = JSON.parse(
      await other.pulumi.run(["stack", "export", "--stack", "another"]),
    ) as State;
    // The stack itself and the engine's own provider, nothing that any system has.
    expect(
      deployment.resources.filter(
        ({ type }) => !/^pulumi:(pulumi:Stack|providers:pulumi)$/.test(type),
      ),
    ).toEqual([]);
  } finally {
    await other.remove();
  }
});

it("another cluster than the last update's is an error that says how to accept it", async () => {
  const before = await exported();
  const state = JSON.parse(before) as State;
  const root = state.deployment.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const uid = String(root?.outputs?.["cluster"]);
  expect(uid).toMatch(/^[0-9a-f-]{36}$/);
  root!.outputs!["cluster"] = "00000000-0000-4000-8000-000000000000";
  await engine.pulumi.run(["stack", "import", "--stack", stack], { input: JSON.stringify(state) });
  try {
    const { code, out } = await type("preview", stack);
    expect(code).toBe(1);
    expect(out).toContain(`the UID ${uid}, the state knows 00000000-0000-4000-8000-000000000000`);
    expect(out).toContain(`pulumi config set cluster ${uid}`);
  } finally {
    await engine.pulumi.run(["stack", "import", "--stack", stack], { input: before });
  }
});

/**
 * The errors of an update that can't succeed, its minutes told six times as fast: what counts is
 * what a real scheduler, kubelet and engine say.
 */
async function hopelessUpdate(): Promise<string> {
  const root = engine.pulumi.project.folder;
  const context = {
    root,
    signal: new AbortController().signal,
    note: () => undefined,
  };
  const clock = () => (performance.now() / 1000) * 6;
  const run = await guardedUp(
    context,
    stack,
    ["parcel-forecast"],
    async (signal) =>
      (await openStack(root, stack, { signal, env: engine.pulumi.env })).up({ policies: false }),
    { clock },
  );
  expect(run.succeeded).toBe(false);
  const during = <T>(_: string, work: () => Promise<T>): Promise<T> => work();
  await takeIn({ ...context, during }, stack, run, { env: engine.pulumi.env });
  const errors = readFailures(run, false).errors.join("\n");
  expect(errors).not.toMatch(/cancell?ed/i);
  return errors;
}

it("a pod that no node has room for, and an image that isn't there, end the update with Kubernetes' reason", async () => {
  try {
    await engine.instance("parcel-forecast", `${file}cpu: 64000m\n`);
    await engine.configure();
    expect(await hopelessUpdate()).toMatch(
      /parcel-forecast: pod mlflow-\S+: Unschedulable: 0\/1 nodes are available: .*Insufficient cpu/,
    );
    // The restored file is a change again: the pod that can't run would otherwise stay.
    await engine.instance("parcel-forecast", file);
    expect((await engine.preview()).map(({ op, urn }) => `${op} ${nameOf(urn)}`)).toContain(
      "update parcel-forecast-server",
    );
    const missing = `localhost/mlflow-instances/tracking-server@sha256:${"0".repeat(64)}`;
    await engine.pulumi.run([
      "config",
      "set",
      "--path",
      "environment.platform.image",
      missing,
      "--stack",
      stack,
    ]);
    expect(await hopelessUpdate()).toMatch(
      /parcel-forecast: pod parcel-forecast-migration-\S+, container \S+: ImagePullBackOff: .*sha256:0000/,
    );
  } finally {
    await engine.instance("parcel-forecast", file);
    await engine.configure();
  }
  const { code, notes } = await type("deploy", stack);
  expect(code, notes).toBe(0);
});
