import { describe, expect, it } from "vitest";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { component, error, namespace, reportFrom, runOf, step, violation } from "./support.ts";

// The facts of a report, as programs take them: its outcome with the exit code, and its JSON form.

const goneBucket = [
  component("a"),
  step("delete", "aws:s3/bucket:Bucket", "a-bucket", {
    instance: "a",
    old: { inputs: { bucket: "b" } },
  }),
];

describe("the outcome", () => {
  it.each([
    ["new", 0, "clean"],
    ["retention", 0, "clean"],
    ["tier", 0, "clean"],
    ["token", 0, "clean"],
    ["tokenRemoved", 0, "clean"],
    ["prepared", 0, "clean"],
    ["violated", 3, "policy violation"],
    ["vanished", 4, "destructive change"],
    ["renamed", 4, "destructive change"],
    ["protected", 4, "destructive change"],
    ["wrongInput", 2, "error"],
  ])("of %s is %i", async (name, exitCode, outcome) =>
    expect(await reportFrom(name)).toMatchObject({ exitCode, outcome }),
  );

  it("is the worst: an error before a destructive change before a violation", () => {
    const of = (events: Parameters<typeof runOf>[0]) =>
      reportOf({ stack: "dev", run: runOf(events), exclusions: [] }).exitCode;
    expect(of({})).toBe(0);
    expect(of({ policies: [violation] })).toBe(3);
    expect(of({ policies: [violation], steps: goneBucket })).toBe(4);
    expect(of({ policies: [violation], steps: goneBucket, diagnostics: [error("boom")] })).toBe(1);
    expect(of({ policies: [{ ...violation, enforcementLevel: "advisory" }] })).toBe(0);
  });

  it("is clean where what goes was given up by its name before", () => {
    const prepared = namespace("a", { "mlflow-instances/deletion": "prepared" });
    const report = reportOf({
      stack: "dev",
      run: runOf({ steps: [...goneBucket, prepared] }),
      exclusions: [],
    });
    expect([report.outcome, report.exitCode]).toEqual(["clean", 0]);
    expect(pageOf(report)).toMatch(
      /^# Preview of `dev`: clean, with data at risk\n[^]*- \*\*a\*\* \(confirmed\): bucket `b` is deleted/,
    );
  });

  it("of a failure that no event explains is an error, in the CLI's words", () => {
    const run = {
      ...runOf({ diagnostics: [error("preview failed\n")] }),
      output: "first\nerror: the reason\n",
    };
    expect(reportOf({ stack: "dev", run, exclusions: [] })).toMatchObject({
      exitCode: 1,
      errors: ["first\nerror: the reason"],
    });
  });

  it("keeps wrong input apart from instances whose files are gone, each line as the program said it", () => {
    const message = [
      "Wrong input for stack dev; nothing was changed:",
      "  stacks/instances/dev/a.yaml: is gone, but a file that disappears deletes nothing; to delete a, …",
      '  stacks/instances/dev/b.yaml:3:1 tier: is "huge", not one of sandbox, standard, production',
    ].join("\n");
    const report = reportOf({
      stack: "dev",
      run: runOf({ diagnostics: [error(message)] }),
      exclusions: [],
    });
    expect(report.errors).toEqual([
      'stacks/instances/dev/b.yaml:3:1 tier: is "huge", not one of sandbox, standard, production',
    ]);
    expect(report.risks.map(({ instance, kind }) => [instance, kind])).toEqual([
      ["a", "file gone"],
    ]);
    expect(report.exitCode).toBe(2);
  });

  it("says which resource an error is of", () => {
    const urn = "urn:pulumi:dev::p::kubernetes:core/v1:Namespace::a-namespace";
    expect(
      reportOf({
        stack: "dev",
        run: runOf({ diagnostics: [error("no connection\n", urn)] }),
        exclusions: [],
      }).errors,
    ).toEqual(["a-namespace: no connection"]);
  });
});

describe("the JSON form", () => {
  it("has a schema, a version and every fact, and survives being written", async () => {
    const report = await reportFrom("tier");
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({
      schema: "mlflow-instances/preview",
      version: 1,
      stack: "dprev",
      outcome: "clean",
      exitCode: 0,
      unchanged: ["claims-triage"],
      instances: [
        {
          name: "credit-risk",
          state: "changed",
          capacity: { before: { replicas: 1 }, after: { replicas: 2, cpuMilli: 700 } },
        },
      ],
    });
  });
});
