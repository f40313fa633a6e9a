import { describe, expect, it } from "vitest";
import type { Step } from "../../../../../cli/changes/engineEvents.ts";
import type { GitChanges } from "../../../../../cli/changes/preview/cause.ts";
import { longestPage, pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { component, namespace, recorded, reportFrom, runOf, step } from "./support.ts";

const error = (message: string, urn?: string) => ({
  severity: "error" as const,
  message,
  color: "never",
  ...(urn === undefined ? {} : { urn }),
});
const violation = {
  policyName: "p",
  message: "m",
  color: "",
  policyPackName: "",
  policyPackVersion: "",
  policyPackVersionTag: "",
  enforcementLevel: "mandatory" as const,
};
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

describe("the page", () => {
  const all = [
    "new",
    "retention",
    "tier",
    "token",
    "tokenRemoved",
    "prepared",
    "violated",
    "vanished",
    "renamed",
    "protected",
    "wrongInput",
  ];

  it.each(all)("of %s is the same for any order of events", async (name) => {
    const run = await recorded(name);
    // Components come before their children in every order that the engine takes.
    const shuffled = run.steps.toSorted(
      (a, b) =>
        Number(b.type.startsWith("components:")) - Number(a.type.startsWith("components:")) ||
        (a.urn < b.urn ? 1 : -1),
    );
    const [one, other] = [
      run,
      {
        ...run,
        steps: shuffled,
        policies: run.policies.toReversed(),
        diagnostics: run.diagnostics.toReversed(),
      },
    ].map((each) => pageOf(reportOf({ stack: "dprev", run: each, exclusions: [] })));
    expect(other).toBe(one);
  });

  it.each(all)(
    "of %s has no duration, no day that is not in the change, and no sealed value",
    async (name) => {
      const page = pageOf(await reportFrom(name));
      expect(page).not.toMatch(
        /duration|seconds? ago|04da6b54|4dabf181|undefined|\[object|\bNaN\b/,
      );
      expect(page).not.toContain(new Date().toISOString().slice(0, 10));
    },
  );

  it("says data at risk before everything else", async () => {
    for (const name of ["vanished", "retention", "tokenRemoved", "protected"]) {
      const page = pageOf(await reportFrom(name));
      expect(page.match(/^## .*/m)?.[0]).toBe("## Data at risk");
    }
  });

  it("says that nothing changes", () => {
    const page = pageOf(
      reportOf({
        stack: "dev",
        run: runOf({ steps: [component("a"), namespace("a", {})] }),
        exclusions: [],
      }),
    );
    expect(page).toMatch(
      /^# Preview of `dev`: no changes\n\nNothing changes\. Instances: 1 unchanged\.\n/,
    );
  });

  it("lets nobody's words become tags or break a table", async () => {
    const run = await recorded("token");
    const policies = [{ ...violation, message: "Demand <script>alert(1)</script>\nfound <b>" }];
    const page = pageOf(
      reportOf({
        stack: "dev",
        run: { ...run, policies, diagnostics: [error("```\n<img>")] },
        exclusions: [],
      }),
    );
    expect(page).not.toMatch(/<script|<b>/);
    expect(page.match(/```/g)).toHaveLength(2);
    const piped = step("update", "x:y:Z", "z", {
      old: { inputs: { a: "1|`2`" } },
      new: { inputs: { a: "x" } },
    });
    expect(
      pageOf(reportOf({ stack: "dev", run: runOf({ steps: [piped] }), exclusions: [] })),
    ).toContain("| `1\\|'2'` | `x` |");
  });
});

describe("a change of many instances", () => {
  /**
   * A change of a default that touches everything of so many instances, one of which loses its
   * bucket.
   */
  function many(count: number): Step[] {
    return Array.from({ length: count }, (_, at) => `instance-number-${at}`).flatMap((instance) => [
      component(instance),
      namespace(
        instance,
        { "mlflow-instances/deleted-experiment-retention": "30d" },
        { "mlflow-instances/deleted-experiment-retention": "7d" },
        "update",
      ),
      ...Array.from({ length: 40 }, (_, part) =>
        step("update", `kubernetes:apps/v1:Kind${part}`, `${instance}-part-${part}`, {
          instance,
          old: { inputs: { spec: { value: `${"before ".repeat(8)}${part}` } } },
          new: { inputs: { spec: { value: `${"after ".repeat(8)}${part}` } } },
        }),
      ),
      step("delete", "aws:s3/bucket:Bucket", `${instance}-bucket`, {
        instance,
        old: { inputs: { bucket: `bucket-of-${instance}` } },
      }),
    ]);
  }

  it.each([1, 50, 150])("(%i) stays within a forge's comment, and no risk is cut", (count) => {
    const report = reportOf({ stack: "dev", run: runOf({ steps: many(count) }), exclusions: [] });
    const page = pageOf(report);
    expect(page.length).toBeLessThan(longestPage);
    expect(report.risks).toHaveLength(2 * count);
    for (let at = 0; at < count; at++) {
      expect(page).toContain(`bucket \`bucket-of-instance-number-${at}\` is deleted`);
      expect(page).toContain(
        `**instance-number-${at}**: retention of what was deleted is shortened from 30 to 7 days`,
      );
    }
    if (count > 1) expect(page).toMatch(/… and \d+ more /);
    expect(report.instances.flatMap(({ resources }) => resources)).toHaveLength(42 * count);
  });

  it("names every instance as long as there is room", () => {
    const page = pageOf(
      reportOf({ stack: "dev", run: runOf({ steps: many(50) }), exclusions: [] }),
    );
    for (let at = 0; at < 50; at++) expect(page).toContain(`## instance-number-${at}: changed`);
  });
});

describe("the cause", () => {
  const git = (more: Partial<GitChanges> = {}): GitChanges => ({
    base: "main",
    instanceFiles: new Map(),
    shared: [],
    ...more,
  });
  const path = "stacks/instances/dprev/claims-triage.yaml";

  it("is an instance's own file", async () => {
    const report = await reportFrom("token", {
      git: git({
        instanceFiles: new Map([["claims-triage", { file: path, change: "changed" }]]),
        shared: ["components/x.ts"],
      }),
    });
    expect(report.instances.map(({ cause }) => cause)).toEqual([{ file: path, change: "changed" }]);
    expect(pageOf(report)).toContain(`Cause: \`${path}\` changed.`);
    expect(pageOf(report)).not.toContain("components/x.ts");
  });

  it("is defaults or code where no file of its own changed, with the files", async () => {
    const page = pageOf(
      await reportFrom("token", { git: git({ shared: ["components/internal/tiers.ts"] }) }),
    );
    expect(page).toContain("Changed by defaults or code: no file of its own changed.");
    expect(page).toContain(
      "Not of one instance, and so the cause of what changes in claims-triage:\n\n- `components/internal/tiers.ts`",
    );
  });

  it("is in no file at all where somebody changed something by hand", async () => {
    expect(pageOf(await reportFrom("token", { git: git() }))).toContain(
      "No changed file explains what changes in claims-triage",
    );
  });

  it("lists a changed file that changes nothing", async () => {
    const other = "stacks/instances/dprev/credit-risk.yaml";
    const report = await reportFrom("token", {
      git: git({
        instanceFiles: new Map([
          ["claims-triage", { file: path, change: "changed" as const }],
          ["credit-risk", { file: other, change: "changed" as const }],
        ]),
      }),
    });
    expect(report.withoutEffect).toEqual([other]);
    expect(pageOf(report)).toContain(`Changed, with no effect here:\n\n- \`${other}\``);
  });

  it("is not asked for without a base", async () =>
    expect(pageOf(await reportFrom("token"))).not.toMatch(/Cause|Files changed|defaults or code/));
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
