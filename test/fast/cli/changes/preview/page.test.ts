import { describe, expect, it } from "vitest";
import type { Step } from "../../../../../cli/changes/engineEvents.ts";
import type { GitChanges } from "../../../../../cli/changes/preview/cause.ts";
import { longestPage, pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import {
  component,
  error,
  namespace,
  recorded,
  reportFrom,
  runOf,
  step,
  violation,
} from "./support.ts";

// The report as people read it: what stands first, what is cut, and what is given as the cause.

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
