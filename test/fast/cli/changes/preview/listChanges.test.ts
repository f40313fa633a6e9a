import { describe, expect, it } from "vitest";
import { changesOf } from "../../../../../cli/changes/preview/changes.ts";
import { pageOf } from "../../../../../cli/changes/preview/markdown.ts";
import { findOwners } from "../../../../../cli/changes/preview/owners.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { runOf, sealed, step } from "./support.ts";

// The engine compares lists by index. Each case gives its paths as it reports them, and the rows
// that a reader needs.

type Spec = Record<string, unknown>;
type Row = [path: string, old: string | undefined, next: string | undefined];

const stepOf = (before: Spec, after: Spec, paths: readonly string[], type: string) =>
  step("update", type, "x", {
    detailedDiff: Object.fromEntries(
      paths.map((path) => [path, { diffKind: "update", inputDiff: false }]),
    ) as never,
    old: { inputs: { spec: before } },
    new: { inputs: { spec: after } },
  });

function rows(
  before: Spec,
  after: Spec,
  paths: readonly string[],
  type = "kubernetes:apps/v1:Deployment",
): Row[] {
  const steps = [stepOf(before, after, paths, type)];
  return (changesOf(steps, findOwners(steps))[0]?.properties ?? []).map((each) => [
    each.path,
    each.old,
    each.new,
  ]);
}

const env = (values: Record<string, unknown>): object[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));
const container = (values: Record<string, unknown>, more: Spec = {}): Spec => ({
  containers: [{ name: "server", env: env(values), ...more }],
});
const variable = (name: string): string => `spec.containers[server].env[${name}]`;

describe("an environment variable", () => {
  const shifted = [0, 1, 2].flatMap((at) => [
    `spec.containers[0].env[${at}].name`,
    `spec.containers[0].env[${at}].value`,
  ]);

  it("that is added is one row, and the next ones stay", () => {
    expect(
      rows(container({ B: "2", C: "3" }), container({ A: "1", B: "2", C: "3" }), [
        ...shifted,
        "spec.containers[0].env[2]",
      ]),
    ).toEqual([[variable("A"), undefined, '{"name":"A","value":"1"}']]);
  });

  it("that is removed is one row, beside one that really changes", () => {
    expect(
      rows(container({ A: "1", B: "2", C: "3" }), container({ B: "2", C: "4" }), shifted),
    ).toEqual([
      [variable("A"), '{"name":"A","value":"1"}', undefined],
      [`${variable("C")}.value`, "3", "4"],
    ]);
  });

  it("in another place is a change of the order", () => {
    expect(
      rows(
        container({ A: "1", B: "2", C: "3", D: "4" }),
        container({ A: "1", C: "3", B: "2", D: "4" }),
        shifted,
      ),
    ).toEqual([["spec.containers[server].env (order)", "B, C", "C, B"]]);
  });

  it("that is secret is a row where the engine reports it, and never shows a value", () => {
    const [before, after] = [
      container({ A: sealed, B: sealed }),
      container({ A: sealed, B: sealed }),
    ];
    expect(rows(before, after, ["spec.containers[0].env[1].value"])).toEqual([
      [`${variable("B")}.value`, "[secret]", "[secret]"],
    ]);
  });
});

describe("elements are matched", () => {
  it.each<[list: string, identity: string, first: Spec, second: Spec]>([
    ["containers", "b", { name: "a" }, { name: "b" }],
    ["initContainers", "b", { name: "a" }, { name: "b" }],
    ["volumes", "b", { name: "a" }, { name: "b", emptyDir: {} }],
    ["imagePullSecrets", "b", { name: "a" }, { name: "b" }],
    ["volumeMounts", "/b", { name: "x", mountPath: "/a" }, { name: "x", mountPath: "/b" }],
    ["ports", "81", { containerPort: 80 }, { containerPort: 81 }],
    ["ports", "80/UDP", { port: 80, protocol: "TCP" }, { port: 80, protocol: "UDP" }],
    ["rules", "b.example", { host: "a.example" }, { host: "b.example" }],
    ["paths", "/b", { path: "/a" }, { path: "/b" }],
    ["items", "b", { key: "a", path: "x" }, { key: "b", path: "x" }],
    ["envFrom", "b", { secretRef: { name: "a" } }, { secretRef: { name: "b" } }],
    ["topologySpreadConstraints", "zone", { topologyKey: "host" }, { topologyKey: "zone" }],
  ])("in %s by %s", (list, identity, first, second) => {
    expect(rows({ [list]: [first] }, { [list]: [second, first] }, [`spec.${list}[0]`])).toEqual([
      [`spec.${list}[${identity}]`, undefined, JSON.stringify(second)],
    ]);
  });

  it("by position where two have the same identity or one has none", () => {
    expect(
      rows(
        { rules: [{ host: "a", x: 1 }, { host: "a", x: 2 }, {}] },
        { rules: [{ host: "a", x: 2 }, {}] },
        ["spec.rules[0].x", "spec.rules[1].host"],
      ),
    ).toEqual([["spec.rules[0]", '{"host":"a","x":1}', undefined]]);
  });

  it("by position in a list of plain values, of which equal ones stay", () => {
    expect(
      rows({ args: ["a", "b", "c", "d"] }, { args: ["a", "c", "e"] }, ["spec.args[1]"]),
    ).toEqual([
      ["spec.args[1]", "b", undefined],
      ["spec.args[2]", "d", "e"],
    ]);
  });
});

describe("rows", () => {
  it("are the engine's where the inputs are the same, and for other providers", () => {
    const same = container({ A: "1" });
    const path = "spec.containers[0].env[0].value";
    expect(rows(same, same, [path])).toEqual([[`${variable("A")}.value`, "1", "1"]]);
    expect(
      rows(
        { rules: [{ host: "a" }] },
        { rules: [{ host: "b" }, { host: "a" }] },
        ["spec.rules[0].host"],
        "aws:x/y:Z",
      ),
    ).toEqual([["spec.rules[0].host", "a", "b"]]);
  });

  it("replace their object where the engine replaces it for that field, at whichever index", () => {
    const before = container({ A: "1", B: "2" }, { image: "x:1" });
    const after = container({ B: "3" }, { image: "x:2" });
    const change = step("replace", "kubernetes:batch/v1:Job", "x", {
      detailedDiff: {
        "spec.containers[0].env[0].value": { diffKind: "update-replace", inputDiff: false },
        "spec.containers[0].image": { diffKind: "update", inputDiff: false },
      } as never,
      old: { inputs: { spec: before } },
      new: { inputs: { spec: after } },
    });
    expect(
      changesOf([change], findOwners([change]))[0]?.properties.map(({ path, replaces }) => [
        path,
        replaces,
      ]),
    ).toEqual([
      [variable("A"), true],
      [`${variable("B")}.value`, true],
      ["spec.containers[server].image", false],
    ]);
  });

  it("are what the page and the JSON have, and three objects with the same row share it", () => {
    const steps = ["a", "b", "c"].map((name) => {
      const made = stepOf(
        container({ B: "2", C: "3" }),
        container({ A: "1", B: "2", C: "3" }),
        ["spec.containers[0].env[0].value", "spec.containers[0].env[1].value"],
        "kubernetes:apps/v1:Deployment",
      );
      return { ...made, urn: `${made.urn}-${name}` };
    });
    const report = reportOf({ stack: "dev", run: runOf({ steps }), exclusions: [] });
    expect(report.environment.map(({ properties }) => properties.length)).toEqual([1, 1, 1]);
    expect(pageOf(report)).toContain(
      `| updated | Deployment \`x-a\`, Deployment \`x-b\`, Deployment \`x-c\` | \`${variable("A")}\` |  | `,
    );
  });
});
