import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Workplace } from "../../cli/changes/reviewEnvironments/backend.ts";
import { destroyReview } from "../../cli/changes/reviewEnvironments/destroy.ts";
import { instancesIn } from "../../cli/changes/reviewEnvironments/list.ts";
import { reap } from "../../cli/changes/reviewEnvironments/reap.ts";
import { parseState } from "../../cli/changes/reviewEnvironments/state.ts";
import { upReview, type ReviewRequest } from "../../cli/changes/reviewEnvironments/up.ts";
import { Refusal } from "../../cli/refusal.ts";
import { reachable } from "../../local/client/reachable.ts";
import { logFirstRun } from "../../local/client/firstRun.ts";
import type { Deployed } from "../../local/commands/up.ts";
import { openCheckout, type Checkout } from "./support/checkout.ts";
import { cluster } from "./support/cluster.ts";
import { databases } from "./support/database.ts";
import { instanceOf, tokenOf } from "./support/engine.ts";
import { objectStore } from "./support/objectStore.ts";
import { dayIn, soon } from "../support/dates.ts";
import { runPython } from "./support/python.ts";

// Proves, on the real engine and cluster: a pull request's environment beside the one that it comes
// from, its end by the reaper's clock, and its end from a machine that never saw it. It can't prove
// a backend other than files, nor a secrets provider other than a passphrase.

// A review environment lasts a week.
const [today, lastDay, dayAfter] = [dayIn(0), dayIn(7), dayIn(8)];
const file = (tier: string, more = ""): string => `
team: logistics
owner: logistics@example.com
description: Where the parcels are
tier: ${tier}
${more}
tokens:
  ci: { role: edit, expires: ${soon} }
`;

let checkout: Checkout;
let base: Deployed;
let workplace: Workplace;
const notes: string[] = [];
const request = (pullRequest: number, more: Partial<ReviewRequest> = {}): ReviewRequest => ({
  ...{ pullRequest, from: "local", instances: undefined, base: undefined, ttl: "7d" },
  ...more,
});

/** Names of everything on the platform that can be a part of an instance. */
async function partsOnPlatform(): Promise<string[]> {
  const [namespaces, names, roles, buckets] = await Promise.all([
    cluster(checkout).namespaces(),
    databases(checkout).names(),
    databases(checkout).roles(),
    objectStore(checkout, await checkout.values()).buckets(),
  ]);
  return [...namespaces, ...names, ...roles, ...buckets].filter((name) =>
    name.startsWith("mlflow"),
  );
}

const ofPullRequest = (number: number, names: readonly string[]): string[] =>
  names.filter((name) => name.includes(`pr-${number}`) || name.includes(`pr_${number}`));

/** Tier, replicas and temporary volume of the server in a namespace. */
async function sizeOf(namespace: string): Promise<string> {
  const path =
    "{.metadata.labels.mlflow-instances/tier} {.spec.replicas} {.spec.template.spec.volumes[?(@.emptyDir)].emptyDir.sizeLimit}";
  const { output } = await cluster(checkout).kubectl([
    "get",
    "deployment",
    "mlflow",
    "--namespace",
    namespace,
    "-o",
    `jsonpath=${path}`,
  ]);
  return output.trim();
}

const locksOf = (stack: string): string =>
  join(
    checkout.pulumi.stateFolder,
    "backend",
    ".pulumi",
    "locks",
    "organization",
    "mlflow-instances",
    stack,
  );

/**
 * Kills the CLI that works on a stack, as a machine that goes away does: its lock stays. Gives the
 * process's id.
 */
function killEngine(stack: string): number {
  const [lock] = readdirSync(locksOf(stack));
  const { pid } = JSON.parse(readFileSync(join(locksOf(stack), lock!), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  return pid;
}

async function stacks(): Promise<string[]> {
  const rows = JSON.parse(await checkout.pulumi.run(["stack", "ls", "--json"])) as {
    name: string;
  }[];
  return rows.map(({ name }) => name).sort();
}

beforeAll(async () => {
  checkout = await openCheckout("local");
  workplace = {
    root: checkout.root,
    env: checkout.pulumi.env,
    note: (line) => void notes.push(line),
  };
  await checkout.instance("parcel-tracker", file("sandbox"));
  await checkout.git("add", "--all");
  await checkout.git("commit", "--quiet", "--message", "main");
  await checkout.git("checkout", "--quiet", "-b", "feature");
  // Another tier, and a size that none has by itself: neither may reach the preview.
  await checkout.instance("parcel-tracker", file("standard", "workers: 1\ntemporaryStorage: 6Gi"));
  await checkout.git("commit", "--quiet", "--all", "--message", "more of it");
  await checkout.configure();
});

afterAll(() => checkout.remove());

describe("up", () => {
  let preview: Awaited<ReturnType<typeof upReview>>;

  beforeAll(async () => {
    // Cut short as soon as it makes something: the run after it has to finish what this one began.
    const interruption = new AbortController();
    const onLine = (line: string): void =>
      line.includes("parcel-tracker-bucket creating") ? interruption.abort() : undefined;
    const cut = await upReview(
      { ...workplace, signal: interruption.signal, onLine },
      request(12, { base: "main" }),
      today,
    );
    expect(cut.run).toMatchObject({ succeeded: false, interrupted: true });
    await rm(join(checkout.root, "stacks", "Pulumi.pr-12.yaml"));
    [base, preview] = await Promise.all([
      checkout.up(),
      upReview(workplace, request(12, { base: "main" }), today),
    ]);
  });

  it("makes the instance whose file the branch changed, small, and until a day", async () => {
    expect(preview.run.output).not.toContain("error:");
    expect(preview.run.succeeded).toBe(true);
    expect(preview.preview).toEqual({
      pullRequest: 12,
      until: lastDay,
      instances: ["parcel-tracker"],
    });
    const { outputs } = parseState(
      await checkout.pulumi.run(["stack", "export", "--stack", "pr-12"]),
    );
    expect(outputs["preview"]).toEqual({ pullRequest: 12, until: lastDay });
    expect(outputs["instances"]).toEqual({
      "pr-12-parcel-tracker": expect.objectContaining({
        trackingUri: `https://pr-12-parcel-tracker.${checkout.platform.domain}`,
        database: "mlflow_pr_12_parcel_tracker",
        bucket: "mlflow-pr-12-parcel-tracker",
        tokens: { ci: { role: "edit", expires: lastDay, created: dayIn(0) } },
      }),
    });
    expect(await sizeOf("mlflow-pr-12-parcel-tracker")).toBe("sandbox 1 5Gi");
    expect(await sizeOf("mlflow-parcel-tracker")).toBe("standard 1 6Gi");
  });

  it("lets the unmodified client log to it, beside the instance that it comes from", async () => {
    const [instance] = instancesIn(
      parseState(await checkout.pulumi.run(["stack", "export", "--stack", "pr-12"])).outputs,
    );
    const own = instanceOf(base, "parcel-tracker");
    await checkout.resolve([
      instance!.trackingUri,
      ...base.instances.map(({ trackingUri }) => trackingUri),
    ]);
    await reachable(instance!.trackingUri, checkout.platform.caPath);
    const tokens = JSON.parse(
      await checkout.pulumi.run([
        "stack",
        "output",
        "tokens",
        "--json",
        "--show-secrets",
        "--stack",
        "pr-12",
      ]),
    ) as Record<string, Record<string, string>>;
    const client = {
      trackingUri: instance!.trackingUri,
      token: tokens["pr-12-parcel-tracker"]!["ci"]!,
      caPath: checkout.platform.caPath,
    };
    expect(await logFirstRun(checkout.python, client)).toMatchObject({
      metrics: 20,
      alias: "champion",
      version: "1",
    });

    const models =
      "import mlflow; print([m.name for m in mlflow.MlflowClient().search_registered_models()])";
    const original = {
      trackingUri: own.trackingUri,
      token: tokenOf(own, "ci"),
      caPath: checkout.platform.caPath,
    };
    expect((await runPython(checkout.python, models, original)).output.trim()).toBe("[]");
    // The token of one is nobody at the other.
    expect(
      (await runPython(checkout.python, models, { ...original, token: client.token })).code,
    ).not.toBe(0);
  });

  it("keeps every secret out of the stack's file", async () => {
    const text = await readFile(join(checkout.root, "stacks", "Pulumi.pr-12.yaml"), "utf8");
    for (const [key, value] of Object.entries((await checkout.values()).secrets))
      expect(text, key).not.toContain(value.trim());
    expect(text).toContain(`until: "${lastDay}"`);
    expect(existsSync(join(checkout.root, "stacks", "Pulumi.pr-12.yaml"))).toBe(true);
  });
});

describe("reap", () => {
  it("destroys what is over and touches nothing else", async () => {
    // Names that are no pull request's, and a stack that is named as one but is not.
    for (const decoy of ["prod", "pr-x", "pr-012", "pr-7"])
      await checkout.pulumi.run(["stack", "init", "--no-select", decoy]);
    const state = JSON.parse(await checkout.pulumi.run(["stack", "export", "--stack", "pr-7"])) as {
      deployment: { resources?: unknown[] };
    };
    const urn = "urn:pulumi:pr-7::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-pr-7";
    state.deployment.resources = [
      { urn, type: "pulumi:pulumi:Stack", custom: false, outputs: { url: "https://example.com" } },
    ];
    await checkout.pulumi.run(["stack", "import", "--stack", "pr-7"], {
      input: JSON.stringify(state),
    });

    const inTime = await reap(workplace, { today: lastDay, dryRun: false });
    expect(inTime.map(({ stack, act, outcome }) => [stack, act, outcome])).toEqual([
      ["pr-7", "leave alone", "untouched"],
      ["pr-12", "keep", "untouched"],
    ]);
    const dry = await reap(workplace, { today: dayAfter, dryRun: true });
    expect(dry.map(({ stack, act, outcome }) => [stack, act, outcome])).toEqual([
      ["pr-7", "leave alone", "untouched"],
      ["pr-12", "destroy", "untouched"],
    ]);
    const before = await partsOnPlatform();
    expect(ofPullRequest(12, before)).toHaveLength(6);

    const over = await reap(workplace, { today: dayAfter, dryRun: false });
    expect(over.map(({ stack, outcome }) => [stack, outcome])).toEqual([
      ["pr-7", "untouched"],
      ["pr-12", "destroyed"],
    ]);
    const after = await partsOnPlatform();
    expect(ofPullRequest(12, after)).toEqual([]);
    expect(after.sort()).toEqual(
      before.filter((name) => !ofPullRequest(12, before).includes(name)).sort(),
    );
    expect(await stacks()).toEqual(["local", "pr-012", "pr-7", "pr-x", "prod"]);
    expect(existsSync(join(checkout.root, "stacks", "Pulumi.pr-12.yaml"))).toBe(false);
  });
});

describe("destroy", () => {
  it("ends what a killed run left, on a machine with neither the stack's file nor its certificates", async () => {
    // Of an instance that the base does not even have: a new file.
    await checkout.instance("van-planner", file("sandbox"));
    let killed = 0;
    const onLine = (line: string): void =>
      void (
        line.includes("van-planner-database creating") &&
        killed === 0 &&
        (killed = killEngine("pr-13"))
      );
    const cut = await upReview(
      { ...workplace, onLine },
      request(13, { instances: ["van-planner"] }),
      today,
    );
    expect(killed).toBeGreaterThan(0);
    expect(cut.run).toMatchObject({ succeeded: false, interrupted: false });
    await checkout.instance("van-planner", undefined);
    expect(ofPullRequest(13, await partsOnPlatform())).toContain("mlflow-pr-13-van-planner");
    expect(readdirSync(locksOf("pr-13"))).toHaveLength(1);

    const root = await checkout.freshMachine();
    const { resources } = parseState(
      await checkout.pulumi.run(["stack", "export", "--stack", "pr-13"]),
    );
    const ca = resources.find(({ type }) => type === "pulumi:providers:postgresql")?.inputs[
      "sslrootcert"
    ];
    await rm(ca as string);
    expect(await destroyReview({ ...workplace, root }, 13)).toBe("destroyed");
    expect(ofPullRequest(13, await partsOnPlatform())).toEqual([]);
    expect(await stacks()).not.toContain("pr-13");
    expect(await readdir(join(root, "stacks"))).toEqual(["Pulumi.local.yaml"]);
    expect(await destroyReview({ ...workplace, root }, 13)).toBe("none");
  });

  it("refuses a stack that only bears the name", async () => {
    await expect(destroyReview(workplace, 7)).rejects.toThrow(Refusal);
    expect(await stacks()).toContain("pr-7");
  });

  it("left the base as it was", async () => {
    const output = await checkout.pulumi.run(["preview", "--json", "--stack", "local"]);
    const { steps = [] } = JSON.parse(output) as { steps?: { op: string }[] };
    expect(steps.filter(({ op }) => op !== "same")).toEqual([]);
  });
});
