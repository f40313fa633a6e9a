import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Operation } from "../support/fakePulumi.ts";
import {
  component,
  drift,
  failed,
  fence,
  found,
  gone,
  inRepository,
  moved,
  nothingNew,
  planned,
  quiet,
  root,
  same,
  sameComponent,
  types,
  violation,
  type Changed,
} from "./driftedStack.ts";

// The command with events in the engine's own form and no engine; test/engine/drift.test.ts has the
// engine.

inRepository();

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
