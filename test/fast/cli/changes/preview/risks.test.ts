import { describe, expect, it } from "vitest";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import type { Risk } from "../../../../../cli/changes/preview/risks.ts";
import { component, namespace, recorded, reportFrom, runOf, step } from "./support.ts";

type Steps = Parameters<typeof runOf>[0]["steps"];
const risksOf = (steps: NonNullable<Steps>, results: NonNullable<Steps> = []): readonly Risk[] =>
  reportOf({ stack: "dev", run: runOf({ steps, results }), exclusions: [] }).risks;

const bucketType = "aws:s3/bucket:Bucket";
const prepared = { "mlflow-instances/deletion": "prepared" };

describe("data at risk", () => {
  it.each(["new", "token", "tier"])("is nothing in %s", async (name) =>
    expect((await reportFrom(name)).risks).toEqual([]),
  );

  it.each([
    [
      "aws:s3/bucket:Bucket",
      { bucket: "b", forceDestroy: true },
      "bucket `b` is deleted with all objects in it",
    ],
    [
      "aws:s3/bucket:Bucket",
      { bucket: "b" },
      "bucket `b` is deleted; the store refuses as long as objects are in it",
    ],
    [
      "postgresql:index/database:Database",
      { name: "d" },
      "database `d` is dropped with everything in it",
    ],
    ["postgresql:index/role:Role", { name: "r" }, "database role `r` is dropped"],
    [
      "kubernetes:core/v1:Namespace",
      { metadata: { name: "n" } },
      "namespace `n` is deleted with everything in it",
    ],
  ])("is a %s that goes %o", (type, inputs, text) => {
    const risks = risksOf([
      component("a"),
      step("delete", type, "a-it", { instance: "a", old: { inputs } }),
    ]);
    expect(risks).toEqual([
      { instance: "a", kind: "data", destructive: true, confirmed: false, text },
    ]);
  });

  it("is a database server of the environment, which no instance can give up", () => {
    const server = step("delete", "aws:rds/instance:Instance", "server", {
      old: { inputs: { identifier: "mlflow-prod" } },
    });
    expect(risksOf([component("a"), namespace("a", prepared), server])).toEqual([
      {
        instance: undefined,
        kind: "data",
        destructive: true,
        confirmed: false,
        text: "database server `mlflow-prod` is deleted with the databases of all instances on it",
      },
    ]);
  });

  it("is a bucket that is replaced, with the property that does it", () => {
    const detailedDiff = { bucket: { diffKind: "update-replace", inputDiff: false } } as never;
    const change = step("replace", bucketType, "a-bucket", {
      instance: "a",
      detailedDiff,
      old: { inputs: { bucket: "old" } },
      new: { inputs: { bucket: "new" } },
    });
    expect(risksOf([component("a"), change])[0]).toMatchObject({
      destructive: true,
      confirmed: false,
      text: "bucket `old` is replaced, because of `bucket`: the old one is deleted; the store refuses as long as objects are in it",
    });
  });

  it("tells what is only forgotten from what is deleted", () => {
    const bucket = step("delete", bucketType, "a-bucket", {
      instance: "a",
      old: { inputs: { bucket: "b" }, retainOnDelete: true },
    });
    expect(risksOf([component("a"), bucket])[0]?.text).toMatch(/stays where it is/);
  });

  it("is no other part of an instance", () => {
    const parts = [
      "kubernetes:apps/v1:Deployment",
      "kubernetes:core/v1:Secret",
      "aws:s3/bucketVersioning:BucketVersioning",
      "postgresql:index/grant:Grant",
    ];
    expect(
      risksOf([
        component("a"),
        ...parts.map((type) => step("delete", type, "a-part", { instance: "a" })),
      ]),
    ).toEqual([]);
  });

  it("is confirmed only by what was deployed before, not by what the same change says", () => {
    const gone = step("delete", bucketType, "a-bucket", {
      instance: "a",
      old: { inputs: { bucket: "b" } },
    });
    expect(risksOf([component("a"), namespace("a", prepared), gone])[0]).toMatchObject({
      confirmed: true,
    });
    expect(
      risksOf([component("a"), namespace("a", {}, prepared, "update"), gone])[0],
    ).toMatchObject({ confirmed: false });
    expect(
      risksOf([component("b"), namespace("b", prepared), component("a"), gone])[0],
    ).toMatchObject({ confirmed: false });
  });

  it("is not confirmed by the marks alone where the last dump was not written, as the stack's outputs say", () => {
    const gone = step("delete", bucketType, "a-bucket", {
      instance: "a",
      old: { inputs: { bucket: "b" } },
    });
    const stack = (deletion: object) =>
      step("same", "pulumi:pulumi:Stack", "mlflow-instances-dprev", {
        old: { custom: false, outputs: { instances: { a: { bucket: "b", ...deletion } } } },
      });
    const confirmed = (deletion: object) =>
      risksOf([stack(deletion), component("a"), namespace("a", prepared), gone])[0]?.confirmed;
    expect([confirmed({}), confirmed({ deletion: "prepared" })]).toEqual([false, true]);
  });

  it("is confirmed in a review environment", () => {
    const labels = (environment: string) => ({
      inputs: { metadata: { name: "n", labels: { "mlflow-instances/environment": environment } } },
    });
    const gone = (environment: string) => [
      component("a"),
      step("delete", "kubernetes:core/v1:Namespace", "a-namespace", {
        instance: "a",
        old: labels(environment),
      }),
    ];
    expect(risksOf(gone("pr-12"))[0]).toMatchObject({ confirmed: true });
    expect(risksOf(gone("pr-12-prod"))[0]).toMatchObject({ confirmed: false });
    expect(risksOf(gone("prod"))[0]).toMatchObject({ confirmed: false });
  });

  it("is protection that is taken off, confirmed when the file asks for the deletion", async () => {
    const off = step("same", "postgresql:index/database:Database", "a-database", {
      instance: "a",
      old: { protect: true, inputs: { name: "d" } },
      new: { inputs: { name: "d" } },
    });
    expect(risksOf([component("a"), off])).toEqual([
      {
        instance: "a",
        kind: "protection",
        destructive: false,
        confirmed: false,
        text: "database `d` can be deleted from now on (`protect` goes)",
      },
    ]);
    const { risks, exitCode, outcome } = await reportFrom("prepared");
    expect(risks).toHaveLength(5);
    expect(new Set(risks.map(({ kind, confirmed }) => `${kind} ${confirmed}`))).toEqual(
      new Set(["protection true"]),
    );
    expect([exitCode, outcome]).toEqual([0, "clean"]);
  });

  it("is retention that gets shorter, and not one that gets longer", async () => {
    const shorter = await reportFrom("retention");
    expect(shorter.risks).toHaveLength(1);
    expect(shorter.risks[0]).toMatchObject({
      instance: "claims-triage",
      kind: "retention",
      destructive: false,
    });
    expect(shorter.risks[0]?.text).toMatch(
      /from 30 to 10 days: what was deleted more than 10 days before the next retention run \(29 2 \* \* \* Etc\/UTC\)/,
    );
    expect(shorter.exitCode).toBe(0);
    const of = (days: string) => ({ "mlflow-instances/deleted-experiment-retention": days });
    expect(risksOf([component("a"), namespace("a", of("7d"), of("30d"), "update")])).toEqual([]);
    expect(risksOf([component("a"), namespace("a", of("30d"), of("7d"), "update")])).toHaveLength(
      1,
    );
  });

  it.each([
    [
      "introduced",
      undefined,
      "180d",
      "more than 180 days old go for good with the next retention run; until now they stay. The tag",
    ],
    [
      "shortened",
      "180d",
      "90d",
      "more than 90 days old go for good with the next retention run; until now they stay for 180 days.",
    ],
  ])("is an age of traces that is %s", (_, before, after, said) => {
    const of = (days: string | undefined) =>
      days === undefined ? {} : { "mlflow-instances/trace-retention": days };
    const [risk, ...more] = risksOf([
      component("a"),
      namespace("a", of(before), of(after), "update"),
    ]);
    expect(more).toEqual([]);
    expect(risk).toMatchObject({ instance: "a", kind: "retention", destructive: false });
    expect(risk?.text).toContain(said);
    expect(risksOf([component("a"), namespace("a", of(after), of(before), "update")])).toEqual([]);
  });

  it("is a token that goes or ends earlier", async () => {
    expect((await reportFrom("tokenRemoved")).risks.map(({ text }) => text)).toEqual([
      "token `ci` ends on 2027-03-31 and no longer on 2027-10-31",
      "token `dashboard` (read, until 2027-10-31) is removed: requests with it are refused within seconds",
    ]);
  });

  const token = { role: "edit", expires: "2027-03-31", generation: 1, previousValidUntil: "" };
  const second = { ...token, expires: "2027-08-31", generation: 2 };
  it.each<[string, object, object, string[]]>([
    ["goes on beside its next one", token, { ...second, previousValidUntil: "2027-03-31" }, []],
    [
      "ends before its day",
      token,
      { ...second, previousValidUntil: "2026-12-20" },
      [
        "token `ci` gets a new value: requests with the old one are refused after 2026-12-20 and no longer after 2027-03-31",
      ],
    ],
    [
      "is revoked by the next one",
      token,
      second,
      [
        "token `ci` gets a new value: requests with the old one are refused within seconds. `previousValidUntil` keeps it valid for a while",
      ],
    ],
    [
      "was valid for a while, and is revoked",
      { ...second, previousValidUntil: "2026-12-20" },
      second,
      ["the previous value of token `ci` ends with the update and no longer on 2026-12-20"],
    ],
    [
      "was valid for a while, and now for less",
      { ...second, previousValidUntil: "2026-12-20" },
      { ...second, previousValidUntil: "2026-12-01" },
      ["the previous value of token `ci` ends on 2026-12-01 and no longer on 2026-12-20"],
    ],
    ["was over before its line went", { ...second, previousValidUntil: "2026-11-21" }, second, []],
  ])("is a value that %s", (_what, before, after, texts) => {
    const outputs = (ci: object) => ({ tokens: { ci } });
    const same = component("a");
    const steps = [
      { ...same, old: { ...same.old!, outputs: outputs(before) } },
      namespace("a", {}),
    ];
    const results = [{ ...same, new: { ...same.new!, outputs: outputs(after) } }];
    const run = runOf({ steps, results });
    const { risks } = reportOf({ stack: "dev", run, exclusions: [], today: "2026-11-22" });
    expect(risks.map(({ text }) => text)).toEqual(texts);
  });

  it("is no token where the program did not get as far as saying which there are", async () => {
    const run = await recorded("tokenRemoved");
    const cutOff = run.results.filter(
      ({ urn }, at) => run.results.findIndex((each) => each.urn === urn) === at,
    );
    expect(cutOff.length).toBeLessThan(run.results.length);
    expect(
      reportOf({ stack: "dev", run: { ...run, results: cutOff }, exclusions: [] }).risks,
    ).toEqual([]);
  });

  it("is a token that gets another value, and no other password", () => {
    const replaced = (name: string) =>
      step("replace", "random:index/randomPassword:RandomPassword", name, { instance: "a" });
    const risks = risksOf([
      component("a"),
      namespace("a", {}),
      replaced("a-token-ci-g1"),
      replaced("a-database-password"),
    ]);
    expect(risks.map(({ text }) => text)).toEqual([
      "token `ci` gets a new value: requests with the old one are refused within seconds",
    ]);
  });

  it("is an instance whose file is gone, with what it holds", async () => {
    const { risks } = await reportFrom("vanished");
    expect(risks).toHaveLength(1);
    expect(risks[0]).toMatchObject({
      instance: "credit-risk",
      kind: "file gone",
      destructive: true,
      confirmed: false,
    });
    expect(risks[0]?.text).toMatch(
      /^stacks\/instances\/dprev\/credit-risk\.yaml: is gone, but .*"delete: credit-risk".* Nothing of it goes now: bucket `mlflow-dprev-credit-risk`, database `mlflow_credit_risk`$/,
    );
  });

  it("names the guard where the engine's protection stops it", async () => {
    const { risks } = await reportFrom("protected");
    const stopped = risks.filter(({ text }) =>
      text.endsWith("; it is protected, so the engine refuses"),
    );
    expect(
      stopped.map(({ text }) => text.slice(0, text.indexOf("`", 10) + 1).slice(0, 60)).sort(),
    ).toEqual(["bucket `mlflow-dprev-claims-triage`", "database `mlflow_claims_triage`"]);
    expect(risks.every(({ confirmed }) => !confirmed)).toBe(true);
    // The engine stops at the first ones: the roles stay, and only its own words say so.
    expect(risks.map(({ kind }) => kind)).toEqual(["data", "data", "data"]);
  });

  it("puts the worst first", async () => {
    const of = (days: string) => ({ "mlflow-instances/deleted-experiment-retention": days });
    const steps = [
      component("z"),
      namespace("z", of("30d"), of("7d"), "update"),
      step("same", "postgresql:index/role:Role", "z-role", {
        instance: "z",
        old: { protect: true },
      }),
      step("delete", bucketType, "z-bucket", { instance: "z", old: { inputs: { bucket: "b" } } }),
      component("a"),
      namespace("a", prepared),
      step("delete", bucketType, "a-bucket", { instance: "a", old: { inputs: { bucket: "a" } } }),
    ];
    expect(risksOf(steps).map(({ instance, kind }) => `${instance ?? ""} ${kind}`)).toEqual([
      "z data",
      "a data",
      "z protection",
      "z retention",
    ]);
    expect((await recorded("new")).succeeded).toBe(true);
  });
});
