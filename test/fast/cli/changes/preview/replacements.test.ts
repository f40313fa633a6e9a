import { describe, expect, it } from "vitest";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { component, reportFrom, runOf, step } from "./support.ts";

type State = NonNullable<Parameters<typeof step>[3]>;

const reported = (op: "update" | "replace", type: string, name: string, states: State = {}) =>
  reportOf({
    stack: "dev",
    run: runOf({ steps: [component("a"), step(op, type, name, { instance: "a", ...states })] }),
    exclusions: [],
  });

describe("a replaced resource", () => {
  it.each<[string, string, State, string]>([
    ["kubernetes:batch/v1:Job", "a-final-dump", {}, "final dump Job (runs again)"],
    [
      "kubernetes:batch/v1:Job",
      "a-migration",
      {},
      "migration Job (runs again; a database that already has the schema of its image stays as it is)",
    ],
    [
      "kubernetes:core/v1:Secret",
      "a-credentials",
      {},
      "credentials Secret (pods that use it restart with the new one)",
    ],
    [
      "kubernetes:core/v1:Secret",
      "a-certificate",
      { new: { inputs: { type: "kubernetes.io/tls" } } },
      "certificate Secret (the new certificate is served)",
    ],
    ["kubernetes:apps/v1:Deployment", "a-server", {}, "server Deployment (with downtime)"],
    ["aws:s3/bucket:Bucket", "a-bucket", {}, "bucket Bucket (see Data at risk)"],
    ["x:y/z:Thing", "other", {}, "other Thing (a new one takes its place)"],
  ])("%s %s is named with its effect", (type, name, states, text) => {
    const report = reported("replace", type, name, states);
    expect(report.instances[0]?.replacements).toEqual([text]);
    expect(pageOf(report)).toContain(`\nReplaced: ${text}.\n`);
  });

  it("that holds data is a risk, too", () => {
    expect(reported("replace", "aws:s3/bucket:Bucket", "a-bucket").risks).toHaveLength(1);
  });

  it("is none where everything is updated in place", async () => {
    const report = await reportFrom("retention");
    expect(report.instances[0]?.replacements).toEqual([]);
    expect(pageOf(report)).not.toMatch(/^Replaced|^Changed labels/m);
  });
});

describe("a label", () => {
  it("that changes on many resources, and as a tag, is named once", async () => {
    const report = await reportFrom("tier");
    expect(report.instances[0]?.labels).toEqual([
      { label: "mlflow-instances/tier", old: "sandbox", new: "production" },
    ]);
    expect(pageOf(report)).toContain(
      "\nReplaced: migration Job (runs again; a database that already has the schema of its image stays as it is).\nChanged labels: `mlflow-instances/tier` `sandbox` → `production`.\n",
    );
  });

  it("is named when it is added or removed", () => {
    const report = reported("update", "kubernetes:core/v1:Service", "a-service", {
      old: { inputs: { metadata: { labels: { gone: "1", same: "2" } } } },
      new: { inputs: { metadata: { labels: { same: "2", team: "risk" } } } },
    });
    expect(pageOf(report)).toContain("Changed labels: `gone` `1` → removed, `team` `risk` (new).");
  });
});
