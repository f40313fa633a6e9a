import { describe, expect, it } from "vitest";
import type { Step } from "../../../../../cli/changes/engineEvents.ts";
import { leftBy } from "../../../../../cli/changes/preview/failedUpdate.ts";
import { deployedPage } from "../../../../../cli/changes/preview/markdownDeployed.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { component, error, runOf, step } from "./support.ts";

// The page of an update that failed: no effect that did not come, and the state that it left.

interface Server {
  readonly replicas?: number;
  readonly strategy?: object;
}
const rolling = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } };
const state = ({ replicas = 1, strategy = rolling }: Server, image: string) => ({
  inputs: { spec: { replicas, strategy, template: { spec: { containers: [{ image }] } } } },
});
const server = (op: Step["op"], before: Server = {}, after: Server = before): Step =>
  step(op, "kubernetes:apps/v1:Deployment", "a-server", {
    instance: "a",
    ...(op === "create" ? {} : { old: state(before, "x:1") }),
    new: state(after, "x:2"),
    detailedDiff: {
      "spec.template.spec.containers[0].image": { diffKind: "update", inputDiff: false },
    } as never,
  });
const job = step("replace", "kubernetes:batch/v1:Job", "a-migration", { instance: "a" });

function pageAfter(steps: Step[], failed: Step[]): string {
  const results = steps.filter((each) => !failed.includes(each));
  const run = runOf({
    steps: [component("a"), ...steps],
    results,
    failed,
    diagnostics: failed.map(({ urn }) => error("no pod became ready", urn)),
  });
  return deployedPage(reportOf({ stack: "dev", run, exclusions: [] }), leftBy(run));
}

const next =
  "Next: remove the cause, then run `npx mlflow-instances deploy dev` again: it continues with the missing changes. To go back, restore the previous files and deploy them.\n";

it("says that the previous pods serve, and the next step, in place of a restart without downtime", () => {
  const failed = server("update");
  expect(pageAfter([job, failed], [failed])).toBe(`# Deployment of \`dev\` **failed**

Begun: 2 resources: 1 updated in place, 1 replaced.

\`\`\`text
a-server: no pod became ready
\`\`\`

- **a**: changed; 2 resources: 1 updated in place, 1 replaced
  - Failed or not finished: Deployment \`a-server\`
  - The previous pods still serve: they end only when new ones are ready

${next}`);
});

describe("a server", () => {
  const unavailable = (maxUnavailable: number | string) => ({
    type: "RollingUpdate",
    rollingUpdate: { maxUnavailable },
  });
  it.each<[string, Step, RegExp]>([
    ["of a new instance", server("create"), /The instance is not complete/],
    ["that was stopped", server("update", { replicas: 0 }), /Whether the server answers is not/],
    ["that is replaced", server("replace"), /Whether the server answers is not known/],
    [
      "with Recreate",
      server("update", { strategy: { type: "Recreate" } }),
      /The server may not answer: its strategy allows/,
    ],
    [
      "of which one pod may be missing",
      server("update", { replicas: 3, strategy: unavailable(1) }),
      /At least 2 of 3 previous pods still serve\n/,
    ],
    [
      "that loses replicas",
      server("update", { replicas: 2 }, { replicas: 1 }),
      /At least 1 of 2 previous pods still serves\n/,
    ],
  ])("%s", (_what, failed, text) => {
    const page = pageAfter([failed], [failed]);
    expect(page).toMatch(text);
    expect(page).not.toMatch(/downtime|no longer answers/);
  });

  it("that the update did not reach was not changed", () => {
    expect(pageAfter([job], [job])).toContain(
      "  - Failed or not finished: Job `a-migration`\n  - The server's Deployment was not changed\n",
    );
  });

  it("that the update did not reach is missing in a new instance", () => {
    const [made, failed] = (["Namespace", "Secret"] as const).map((kind) =>
      step("create", `kubernetes:core/v1:${kind}`, `a-${kind}`, { instance: "a" }),
    );
    expect(pageAfter([made!, failed!], [failed!])).toContain("  - The instance is not complete");
  });

  it("that was begun and has no result is not finished", () => {
    const run = runOf({ steps: [component("a"), server("update")] });
    expect(leftBy(run).get("a")?.[0]).toBe("Failed or not finished: Deployment `a-server`");
  });

  it("that is done, beside another part that failed, has no line", () => {
    const page = pageAfter([server("update"), job], [job]);
    expect(page).not.toMatch(/server|pods/);
  });
});

it("of an update that succeeded keeps its effects, and has no next step", () => {
  const page = pageAfter([server("update")], []);
  expect(page).toContain("# `dev` is deployed");
  expect(page).toContain("The server restarts without downtime");
  expect(page).not.toContain("Next:");
});
