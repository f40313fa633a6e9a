import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PreviewReport } from "../../cli/changes/preview/report.ts";
import { dayIn } from "../support/dates.ts";
import { engineContext } from "./support/context.ts";
import { projectClone, type ProjectClone } from "./support/projectClone.ts";

// The page that a reviewer gets for each of six changes, made by the real engine from a stack that
// is deployed. Goldens are rewritten by `WRITE_PREVIEW_GOLDENS=1 npx vitest run --project engine
// test/engine/preview.test.ts`, and by nothing else.
const writes = process.env["WRITE_PREVIEW_GOLDENS"] === "1" && process.env["CI"] === undefined;
const goldens = join(import.meta.dirname, "..", "golden", "preview");

/** Days within the policies' bounds, whenever this runs; the goldens have their names. */
const dates = { "in-80-days": dayIn(80), "in-60-days": dayIn(60), today: dayIn(0) };
const [usual, earlier] = [dates["in-80-days"], dates["in-60-days"]];

const file = (
  more: { tier?: string; retention?: string; tokens?: Record<string, string> } = {},
): string =>
  [
    "team: fraud",
    "owner: fraud-team@example.com",
    "description: Experiments and models of card-fraud detection",
    `tier: ${more.tier ?? "standard"}`,
    `deletedExperimentRetention: ${more.retention ?? "30d"}`,
    "tokens:",
    ...Object.entries({ ci: `{ role: edit, expires: ${usual} }`, ...more.tokens }).map(
      ([name, token]) => `  ${name}: ${token}`,
    ),
    "",
  ].join("\n");

const stack = "preview";
const instance = "fraud-detector";

/** What is read of an exported state. */
interface State {
  readonly deployment: {
    readonly pending_operations?: readonly unknown[];
    readonly resources?: readonly {
      readonly type: string;
      readonly outputs?: { readonly result?: { readonly plaintext?: string } };
    }[];
  };
}

let clone: ProjectClone;
const printed: string[] = [];

/** Runs the real command; everything that it says or writes is kept for the search for secrets. */
async function preview(
  ...more: string[]
): Promise<{ exitCode: number | undefined; page: string; report: PreviewReport }> {
  const [markdown, json] = [join(clone.root, "..", "page.md"), join(clone.root, "..", "page.json")];
  const { exitCode, stdout, stderr } = await clone.run(
    "preview",
    stack,
    "--base",
    "HEAD",
    "--markdown",
    markdown,
    "--json",
    json,
    ...more,
  );
  const [page, facts] = await Promise.all([readFile(markdown, "utf8"), readFile(json, "utf8")]);
  printed.push(stdout, stderr, page, facts);
  expect(`${stdout}\n`).toBe(page);
  return { exitCode, page, report: JSON.parse(facts) as PreviewReport };
}

/**
 * Compares with the golden, in which days that move with the calendar have names, and so has the
 * domain: it is that of the platform on which this file runs.
 */
function expectGolden(name: string, page: string): void {
  const named = { ...dates, domain: engineContext().platform.domain };
  const text = Object.entries(named).reduce(
    (all, [label, value]) => all.replaceAll(value, `<${label}>`),
    page,
  );
  const path = join(goldens, `${name}.md`);
  if (writes) {
    mkdirSync(goldens, { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, "utf8"));
}

beforeAll(async () => {
  clone = await projectClone(stack, { [instance]: file() }, ["search-ranker", "fraud-scoring"]);
  const { exitCode, stdout, stderr } = await clone.run("deploy", stack);
  printed.push(stdout, stderr);
  expect([exitCode, stdout, stderr]).toEqual([
    0,
    expect.stringContaining("`preview` is deployed"),
    expect.any(String),
  ]);
});

afterAll(() => clone?.remove());

describe("the page of", () => {
  const changes: readonly [name: string, exitCode: number, change: () => Promise<void>][] = [
    [
      "new-instance",
      0,
      () => clone.write("search-ranker", file({ tier: "sandbox", retention: "7d" })),
    ],
    ["retention-lowered", 0, () => clone.write(instance, file({ retention: "20d" }))],
    ["tier-raised", 0, () => clone.write(instance, file({ tier: "production" }))],
    [
      "token-added",
      0,
      () =>
        clone.write(
          instance,
          file({ tokens: { dashboard: `{ role: read, expires: ${earlier} }` } }),
        ),
    ],
    [
      "name-changed",
      4,
      async () => {
        await clone.write(instance, undefined);
        await clone.write("fraud-scoring", file());
      },
    ],
    ["file-removed", 4, () => clone.write(instance, undefined)],
  ];

  it.each(changes)("%s ends with %i", async (name, exitCode, change) => {
    await change();
    const made = await preview();
    await clone.restore();
    expectGolden(name, made.page);
    expect(made.exitCode).toBe(exitCode);
    expect(made.report).toMatchObject({ schema: "mlflow-instances/preview", version: 1, exitCode });
  });

  it("nothing else: each golden is a change of this file", () => {
    expect(readdirSync(goldens).sort()).toEqual(changes.map(([name]) => `${name}.md`).sort());
  });
});

describe("exit codes and order", () => {
  it("ends with 3 for a violated policy, and deploy then changes nothing", async () => {
    await clone.write(instance, file({ retention: "5d" }));
    const { exitCode, report } = await preview();
    const deployed = await clone.run("deploy", stack);
    await clone.restore();
    printed.push(deployed.stdout, deployed.stderr);
    expect([exitCode, report.outcome]).toEqual([3, "policy violation"]);
    expect(
      report.policies.map(({ policy, level, instance: blamed }) => [policy, level, blamed]),
    ).toContainEqual(["retention-is-not-cut-short", "mandatory", instance]);
    expect([deployed.exitCode, deployed.stderr]).toEqual([
      3,
      expect.stringContaining("Nothing was changed"),
    ]);
    const outputs = JSON.parse(
      await clone.pulumi.run(["stack", "output", "instances", "--json", "--stack", stack]),
    ) as Record<string, { retention: string }>;
    expect(outputs[instance]?.retention).toBe("30d");
  });

  it("ends with 2 for wrong input, with its place, before everything else", async () => {
    await clone.write(instance, undefined);
    await clone.write("search-ranker", file({ retention: "900d" }));
    const { exitCode, page } = await preview();
    await clone.restore();
    expect(exitCode).toBe(2);
    expect(page).toMatch(
      /stacks\/instances\/preview\/search-ranker\.yaml:5:\d+ deletedExperimentRetention: /,
    );
    expect(page.indexOf("## Data at risk")).toBeGreaterThan(0);
    expect(page.indexOf("## Data at risk")).toBeLessThan(page.indexOf("## Errors"));
  });

  it("ends with 2 and no page for a reference that git doesn't know, and for a stack that is not there", async () => {
    for (const args of [
      ["preview", stack, "--base", "no-such-branch"],
      ["preview", "nowhere"],
      ["deploy", "nowhere"],
    ]) {
      const { exitCode, stdout, stderr } = await clone.run(...args);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(args.at(-1));
    }
  });
});

it("an interrupted deploy ends in order: told twice, as a terminal and npm do, and nothing stays locked or half-known", async () => {
  await clone.write(instance, file({ tier: "production" }));
  const running = clone.run("deploy", stack);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    running.stderr.on("data", (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes(`${instance}-server updating`)) resolve();
    });
    void running.then(() => reject(new Error(`it ended by itself: ${said}`)));
  });
  process.kill(-running.pid!, "SIGINT");
  running.kill("SIGINT");
  const { exitCode, stdout, stderr } = await running;
  await clone.restore();
  printed.push(stdout, stderr);
  expect([exitCode, stderr]).toEqual([130, expect.stringContaining("Interrupted")]);
  const locks = readdirSync(join(clone.pulumi.stateFolder, "backend", ".pulumi", "locks"), {
    recursive: true,
    withFileTypes: true,
  });
  expect(locks.filter((entry) => entry.isFile())).toEqual([]);
  const state = JSON.parse(await clone.pulumi.run(["stack", "export", "--stack", stack])) as {
    deployment: { pending_operations?: unknown[] };
  };
  expect(state.deployment.pending_operations ?? []).toEqual([]);
});

it("no secret value is in any page, JSON or line that was printed", async () => {
  const state = JSON.parse(
    await clone.pulumi.run(["stack", "export", "--show-secrets", "--stack", stack]),
  ) as State;
  const generated = (state.deployment.resources ?? []).flatMap(({ type, outputs }) =>
    type === "random:index/randomPassword:RandomPassword"
      ? [JSON.parse(outputs?.result?.plaintext ?? "") as string]
      : [],
  );
  const { artifactStoreKeys = "{}", tlsCertificate: _public, ...others } = clone.secrets;
  const keys = [...artifactStoreKeys.matchAll(/"secretAccessKey":"([^"]+)"/g)].map(
    ([, value]) => value ?? "",
  );
  const values = [
    ...generated,
    ...keys,
    ...Object.values(others).flatMap((value) => value.trim().split("\n")),
  ].filter((value) => value.length >= 12 && !value.startsWith("---"));
  // Database, two maintenance roles, the token; two keys for each of three names; two passwords and
  // the private key's lines.
  expect(generated.length).toBeGreaterThanOrEqual(4);
  expect(keys.length).toBeGreaterThanOrEqual(6);
  expect(printed.length).toBeGreaterThan(30);
  const all = printed.join("\n");
  expect(values.filter((value) => all.includes(value)).length).toBe(0);
});
