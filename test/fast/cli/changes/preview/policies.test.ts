import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PolicyFinding } from "../../../../../cli/changes/engineEvents.ts";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { readExclusions, verdictsOf } from "../../../../../cli/changes/preview/policies.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { recorded, reportFrom } from "./support.ts";

const finding = (policyName: string, more: Partial<PolicyFinding> = {}): PolicyFinding => ({
  policyName,
  message: "Something must be.\nIt is not; set it.\n",
  color: "never",
  policyPackName: "mlflow-instances",
  policyPackVersion: "",
  policyPackVersionTag: "",
  enforcementLevel: "mandatory",
  resourceUrn: "urn:pulumi:dev::p::aws:s3/bucket:Bucket::a-bucket",
  ...more,
});

describe("verdicts", () => {
  it("are the same for any order of findings, each once, mandatory ones first", () => {
    const findings = [
      finding("z"),
      finding("b", { enforcementLevel: "advisory" }),
      finding("a"),
      finding("z"),
      finding("a", { message: "A second." }),
    ];
    const expected = verdictsOf(findings, () => "a");
    expect(
      expected.map(({ policy, level, message }) => [policy, level, message.split("\n").at(-1)]),
    ).toEqual([
      ["a", "mandatory", "A second."],
      ["a", "mandatory", "It is not; set it."],
      ["z", "mandatory", "It is not; set it."],
      ["b", "advisory", "It is not; set it."],
    ]);
    expect(verdictsOf(findings.toReversed(), () => "a")).toEqual(expected);
  });

  it("only advise where a rule was turned down or remedied, and are none where it is off", () => {
    const levels = (["warning", "advisory", "remediate", "disabled"] as const).map(
      (enforcementLevel) => finding(enforcementLevel, { enforcementLevel }),
    );
    expect(
      verdictsOf(levels, () => undefined).map(({ policy, level }) => `${policy}: ${level}`),
    ).toEqual(["advisory: advisory", "remediate: advisory", "warning: advisory"]);
  });

  it("of the whole stack blame no resource", () => {
    const urn = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";
    expect(verdictsOf([finding("a", { resourceUrn: urn })], () => undefined)[0]).toMatchObject({
      resource: undefined,
      instance: undefined,
    });
  });

  it("that are violations end with 3, and say each rule once", async () => {
    const report = await reportFrom("violated");
    expect([report.outcome, report.exitCode, report.errors]).toEqual(["policy violation", 3, []]);
    expect(report.policies).toHaveLength(11);
    const page = pageOf(report);
    expect(page.match(/Every image of an instance is named by its digest/g)).toHaveLength(1);
    expect(
      page.match(
        /claims-triage `claims-triage-(?:server|migration|retention|stale-runs)`: spec\./g,
      ),
    ).toHaveLength(4);
  });

  it("that only advise, or wait for up, stop nothing", async () => {
    const { exitCode, page } = await withPolicies([
      finding("a", { enforcementLevel: "advisory", message: "A demand.\nAdvised." }),
      finding("b", {
        enforcementLevel: "advisory",
        message: "A demand.\nNot known in a preview: x. It is checked at `up`.",
      }),
      finding("b", {
        enforcementLevel: "advisory",
        message: "A demand.\nNot known in a preview: y. It is checked at `up`.",
      }),
    ]);
    expect(exitCode).toBe(0);
    expect(page).toContain("Advice (1):\n\n- `a`: A demand.\n");
    expect(page).toContain("Checked at `up`, because a preview can't know what they need: `b`.");
  });

  async function withPolicies(policies: PolicyFinding[]) {
    const report = reportOf({
      stack: "dev",
      run: { ...(await recorded("token")), policies },
      exclusions: [],
    });
    return { exitCode: report.exitCode, page: pageOf(report) };
  }
});

describe("exclusions", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "exclusions-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const from = async (text: string, today = "2026-11-22") => {
    await writeFile(join(folder, "policies.json"), text);
    return readExclusions(folder, join(folder, "policies.json"), today);
  };
  const entry = {
    instance: "fraud-detector",
    reason: "The image is moved in December",
    until: "2026-12-31",
  };
  const file = JSON.stringify({
    all: "mandatory",
    "image-is-pinned": { exclusions: [entry] },
    "ingress-has-tls": "advisory",
  });

  it("are none without a file", async () =>
    expect(await readExclusions(folder, join(folder, "none.json"), "2026-11-22")).toEqual([]));

  it("hold up to their last day and are over on the next", async () => {
    expect(await from(file, "2026-12-31")).toEqual([
      { policy: "image-is-pinned", ...entry, ended: false },
    ]);
    expect(await from(file, "2027-01-01")).toEqual([
      { policy: "image-is-pinned", ...entry, ended: true },
    ]);
  });

  it("are on the page, in force or ended, and change no verdict", async () => {
    const [exclusion] = await from(file);
    const exclusions = [exclusion!, { ...exclusion!, policy: "ingress-has-tls", ended: true }];
    const report = await reportFrom("token", { exclusions });
    expect(report.exitCode).toBe(0);
    expect(pageOf(report)).toContain(
      "- `image-is-pinned`, **fraud-detector**: does not hold until 2026-12-31 (The image is moved in December)",
    );
    expect(pageOf(report)).toContain(
      "- `ingress-has-tls`, **fraud-detector**: ended on 2026-12-31, the rule holds again (The image is moved in December)",
    );
  });

  it.each([
    ["{", /policies\.json: is no JSON/],
    ['{"no-such-rule": {}}', /policies\.json: no-such-rule: there is no such rule/],
    [
      '{"image-is-pinned": {"exclusions": [{"instance": "a", "until": "2027-01-01"}]}}',
      /image-is-pinned\.exclusions\[0\]\.reason: is missing/,
    ],
  ])("are refused in a file such as %s", async (text, message) =>
    expect(from(text)).rejects.toThrow(message),
  );
});
