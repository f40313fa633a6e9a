import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeGithub, fakeGitlab, type FakeForge } from "../comment/support/forges.ts";
import { fakePulumi, type Operation } from "../support/fakePulumi.ts";
import { typed } from "../../support/typed.ts";

// The command with events in the engine's own form and no engine; test/engine/drift.test.ts has the
// engine.

const stack = "urn:pulumi:dev::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-dev";
const instance =
  "urn:pulumi:dev::mlflow-instances::mlflow-instances:index:MlflowInstance::fraud-detector";
const types = {
  policy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  secret: "kubernetes:core/v1:Secret",
  deployment: "kubernetes:apps/v1:Deployment",
  bucket: "aws:s3/bucket:Bucket",
};
const urn = (type: string, name: string): string =>
  `urn:pulumi:dev::mlflow-instances::mlflow-instances:index:MlflowInstance$${type}::${name}`;
const state = (type: string, name: string, id: string, inputs: object) => ({
  type,
  urn: urn(type, name),
  custom: true,
  id,
  parent: instance,
  inputs,
  outputs: inputs,
  provider: "",
});

interface Changed {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly before?: object;
  readonly after?: object;
  readonly paths?: readonly string[];
}

const metadata = ({ op, type, name, id, before = {}, after, paths = [] }: Changed) => ({
  op,
  urn: urn(type, name),
  type,
  old: op === "create" ? undefined : state(type, name, id, before),
  new: op === "delete" ? undefined : state(type, name, op === "create" ? "" : id, after ?? before),
  detailedDiff:
    paths.length === 0
      ? null
      : Object.fromEntries(paths.map((path) => [path, { diffKind: "update", inputDiff: false }])),
  provider: "",
});
const component = {
  resourcePreEvent: {
    metadata: {
      op: "same",
      urn: instance,
      type: "mlflow-instances:index:MlflowInstance",
      old: {
        urn: instance,
        type: "mlflow-instances:index:MlflowInstance",
        id: "",
        parent: stack,
        inputs: {},
        outputs: {},
        provider: "",
      },
      new: {
        urn: instance,
        type: "mlflow-instances:index:MlflowInstance",
        id: "",
        parent: stack,
        inputs: {},
        outputs: {},
        provider: "",
      },
      provider: "",
    },
  },
};
/** A refresh first says that it looks, and what it found after that. */
const found = (change: Changed): object[] => [
  { resourcePreEvent: { metadata: { ...metadata(change), op: "refresh" } } },
  { resOutputsEvent: { metadata: metadata(change) } },
];
const planned = (change: Changed): object[] => [
  { resourcePreEvent: { metadata: metadata(change) } },
];
const sameComponent = { resOutputsEvent: component.resourcePreEvent };

const fence: Changed = {
  op: "update",
  type: types.policy,
  name: "fraud-detector-server-network",
  id: "mlflow-fraud-detector/server",
  before: { metadata: { labels: { a: "b" } } },
  after: { metadata: { labels: { a: "hunter2-from-outside" } } },
  paths: ["metadata.labels.a"],
};
const gone: Changed = {
  op: "delete",
  type: types.secret,
  name: "fraud-detector-tokens",
  id: "mlflow-fraud-detector/tokens",
};
const moved: Changed = {
  op: "update",
  type: types.deployment,
  name: "fraud-detector-server",
  id: "mlflow-fraud-detector/server",
  before: { spec: { replicas: 1 } },
};
const same: Changed = {
  op: "same",
  type: types.deployment,
  name: "fraud-detector-server",
  id: "mlflow-fraud-detector/server",
  before: { spec: { replicas: 1 } },
};
const violation = {
  policyEvent: {
    policyName: "ingress-has-tls",
    policyPackName: "mlflow",
    enforcementLevel: "mandatory",
    resourceUrn: urn(types.deployment, "fraud-detector-server"),
    message: "No TLS.\nSet it.",
  },
};
const failed = (message: string): object => ({
  diagnosticEvent: { urn: stack, severity: "error", message, color: "never" },
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "drift-"));
  mkdirSync(join(root, "stacks"));
  writeFileSync(join(root, "stacks/Pulumi.dev.yaml"), "config: {}\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const quiet: Operation = { events: [sameComponent, ...found(same)] };
const nothingNew: Operation = { events: [component, ...planned(same)] };

async function drift(
  refresh: Operation,
  preview: Operation,
  args: string[] = [],
  env: Record<string, string> = {},
) {
  const cli = fakePulumi(root, { refresh, preview });
  const ended = await typed(root, ["drift", "dev", ...args], { env: { ...env, PATH: cli.path } });
  return { ...ended, calls: cli.calls() };
}

describe("npx mlflow-instances drift", () => {
  it("only looks: neither the state nor anything else is changed", async () => {
    const { code, out, calls } = await drift(quiet, nothingNew);
    expect({ code, out }).toEqual({
      code: 0,
      out: "# Drift in `dev`\n\nNone: what runs is what the last update made, what the program says, and within the policies.\n",
    });
    expect(calls.map((args) => args.filter((arg) => !arg.startsWith("/")).slice(0, 2))).toEqual([
      ["refresh", "--preview-only"],
      ["preview", "--suppress-outputs"],
    ]);
    for (const args of calls) expect(args).toEqual(expect.not.arrayContaining(["--yes"]));
  });

  it("names instance, object and property of what was changed outside, and no value", async () => {
    const { code, out } = await drift(
      { events: [sameComponent, ...found(fence), ...found(gone)] },
      nothingNew,
    );
    expect(code).toBe(5);
    expect(out).toBe(`# Drift in \`dev\`

## Changed outside of Pulumi: 2 objects

Not as the last update left them. \`npx mlflow-instances deploy dev --refresh\` puts back what the files say. What is to stay belongs into an instance's file or the stack file.

| instance | object | kind | what | property |
| --- | --- | --- | --- | --- |
| \`fraud-detector\` | \`mlflow-fraud-detector/tokens\` | Secret | **gone** |  |
| \`fraud-detector\` | \`mlflow-fraud-detector/server\` | NetworkPolicy | changed | \`metadata.labels.a\` |
`);
  });

  it("does not call it drift when only a status has moved on", async () => {
    expect((await drift({ events: [sameComponent, ...found(moved)] }, nothingNew)).code).toBe(0);
  });

  it("says what was merged and not deployed", async () => {
    const made: Changed = {
      op: "create",
      type: types.bucket,
      name: "search-ranker-bucket",
      id: "",
    };
    const { code, out } = await drift(quiet, {
      events: [component, ...planned(same), ...planned(made)],
    });
    expect(code).toBe(5);
    expect(out).toContain("## Not deployed: 1 object\n");
    expect(out).toContain("| `fraud-detector` | `search-ranker-bucket` | Bucket | to be made |");
  });

  it("says which policies are violated, with its own exit code", async () => {
    const { code, out } = await drift(
      { events: [sameComponent, ...found(fence)] },
      { events: [component, ...planned(same), violation], exitCode: 255 },
    );
    expect(code).toBe(3);
    expect(out).toContain("## Changed outside of Pulumi: 1 object\n");
    expect(out).toContain(
      "## Policies: 1 violation\n\n- `ingress-has-tls` (`fraud-detector-server`): No TLS. Set it.\n",
    );
  });

  it("says which instance's file is gone, with its own exit code, and takes nothing else for undeployed", async () => {
    const line =
      'stacks/instances/dev/fraud-detector.yaml: is gone, but the instance was not given up: put it back, with "delete: fraud-detector"';
    const { code, out } = await drift(quiet, {
      events: [
        component,
        ...planned({ ...same, op: "delete" }),
        failed(`Wrong input for stack dev; nothing was changed:\n  ${line}\n`),
      ],
      exitCode: 255,
    });
    expect(code).toBe(4);
    expect(out).toBe(`# Drift in \`dev\`\n\n## Can't be deployed\n\n- ${line}\n`);
  });

  it.each<[string, Operation, Operation]>([
    [
      "a platform that can't be looked at",
      { events: [failed("the API server does not answer")], exitCode: 255 },
      nothingNew,
    ],
    [
      "a program that fails",
      quiet,
      { events: [failed("the API server does not answer")], exitCode: 255 },
    ],
  ])("gives no verdict on %s", async (_what, refresh, preview) => {
    expect(await drift(refresh, preview)).toMatchObject({
      code: 1,
      out: "",
      notes: expect.stringMatching(/^the API server does not answer\n$/),
    });
  });

  it("writes the page for a file and a job's summary, too", async () => {
    const [page, summary] = [join(root, "page.md"), join(root, "summary.md")];
    const { out } = await drift({ events: found(fence) }, nothingNew, ["--markdown", page], {
      GITHUB_STEP_SUMMARY: summary,
    });
    expect(readFileSync(page, "utf8")).toBe(out);
    expect(readFileSync(summary, "utf8")).toBe(out);
  });

  it("writes the same facts as JSON, to a file or alone to standard output", async () => {
    const file = join(root, "facts.json");
    const found1 = { events: [sameComponent, ...found(fence)] };
    const { out } = await drift(found1, nothingNew, ["--json", file]);
    expect(out).toMatch(/^# Drift in `dev`/);
    const alone = await drift(found1, nothingNew, ["--json", "-"]);
    expect(alone.out).toBe(readFileSync(file, "utf8"));
    expect(JSON.parse(alone.out)).toMatchObject({
      schema: "mlflow-instances/drift",
      version: 1,
      stack: "dev",
      exitCode: 5,
      outside: [{ instance: "fraud-detector", kind: "updated" }],
      undeployed: [],
    });
  });
});

describe.each([
  ["GitHub", fakeGithub],
  ["GitLab", fakeGitlab],
] as const)("npx mlflow-instances drift --issue on %s", (name, start) => {
  let forge: FakeForge;
  beforeEach(async () => {
    forge = await start();
  });
  afterEach(() => forge.close());
  const check = (refresh: Operation, preview = nothingNew) =>
    drift(refresh, preview, ["--issue"], forge.env);
  const drifted: Operation = { events: [sameComponent, ...found(fence)] };

  it("opens one issue, leaves it while the drift is the same, and closes it when the drift is gone", async () => {
    expect((await check(quiet)).notes).toContain(`${name}: issue absent\n`);
    expect((await check(drifted)).notes).toContain(`${name}: issue written\n`);
    expect((await check(drifted)).notes).toContain(`${name}: issue unchanged\n`);
    expect((await check({ events: [sameComponent, ...found(gone)] })).notes).toContain(
      `${name}: issue updated\n`,
    );
    expect(forge.issues).toMatchObject([{ title: "Drift in dev", open: true }]);
    expect((await check(quiet)).notes).toContain(`${name}: issue closed\n`);
    expect(forge.issues).toMatchObject([
      {
        open: false,
        body: expect.stringContaining("None: what runs is what the last update made"),
      },
    ]);
  });

  it("leaves the issue as it is when there is no verdict", async () => {
    await check(drifted);
    expect((await check({ events: [failed("no answer")], exitCode: 255 })).code).toBe(1);
    expect(forge.issues).toMatchObject([{ open: true, writes: 1 }]);
  });

  it("begins nothing without a forge to tell", async () => {
    const { code, calls } = await drift(drifted, nothingNew, ["--issue"]);
    expect({ code, calls }).toEqual({ code: 2, calls: [] });
  });
});
