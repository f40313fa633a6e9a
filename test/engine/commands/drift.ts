import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import { cluster } from "../support/cluster.ts";
import type { Engine } from "../support/engine.ts";
import { parcelForecast, stack } from "../support/parcelForecast.ts";

// Proves on a real engine and cluster that the commands see a change behind Pulumi's back, name it, leave the state alone, and put it back when told to. What the
// official providers' plugins call a difference can't be shown here: they can't be downloaded.

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
  const root = join(import.meta.dirname, "../../..");
  const env = { ...process.env, ...engine.pulumi.env, GITHUB_STEP_SUMMARY: "" };
  return new Promise((resolve) =>
    execFile(process.execPath, [join(root, "delivery/cli.ts"), ...args], { cwd: root, env, maxBuffer: 1e8 }, (error, out, notes) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, notes }),
    ),
  );
}

const exported = (): Promise<string> => engine.pulumi.run(["stack", "export", "--stack", stack]);

it("names what was changed and taken away outside, with its property, changes nothing, and sees nothing once it was put back", async () => {
  const { kubectl } = cluster(deployed);
  const named = async (kind: string): Promise<string> =>
    (await kubectl(["get", kind, "--namespace", namespace, "-o", "name"])).output.split("\n")[0]!.split("/").at(-1)!;
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
  await kubectl(["label", "networkpolicy", policy, "--namespace", namespace, "--overwrite", `${label}=somebody-else`]);
  await kubectl(["delete", "cronjob", cronJob, "--namespace", namespace]);
  // Both take fields over: kubectl then owns them, and a plain update conflicts with it.
  await kubectl(["scale", "deployment/mlflow", "--replicas=2", "--namespace", namespace]);
  const suspended = JSON.stringify({ spec: { suspend: true } });
  await kubectl(["patch", "cronjob/stale-runs", "--namespace", namespace, "--patch", suspended]);

  const state = await exported();
  const page = join(scratch, "page.md");
  const { code, notes } = await type("drift", stack, "--markdown", page);
  expect({ code, notes }).toEqual({ code: 4, notes: expect.not.stringContaining("rror") });
  const lines = (await readFile(page, "utf8")).split("\n");
  expect(lines).toContain("## Changed outside of Pulumi: 4 objects");
  const row = (object: string, kind: string, field: string) =>
    `| \`parcel-forecast\` | \`${namespace}/${object}\` | ${kind} | changed | \`${field}\` |`;
  expect(lines).toContain(row("mlflow", "Deployment", "spec.replicas"));
  expect(lines).toContain(row("stale-runs", "CronJob", "spec.suspend"));
  expect(lines).toContain(
    `| \`parcel-forecast\` | \`${namespace}/${policy}\` | NetworkPolicy | changed | \`metadata.labels["${label}"]\` |`,
  );
  expect(lines).toContain(`| \`parcel-forecast\` | \`${namespace}/${cronJob}\` | CronJob | **gone** |  |`);
  expect(lines.join("\n")).not.toMatch(/## Not deployed|## Policies|somebody-else/);
  expect(await exported()).toBe(state);

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
