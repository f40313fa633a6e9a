import { describe, expect, it } from "vitest";
import { changesOf } from "../../../../../cli/changes/preview/changes.ts";
import { findOwners } from "../../../../../cli/changes/preview/owners.ts";
import { component, recorded, sealed, step, unknown } from "./support.ts";

const changesIn = (...steps: Parameters<typeof findOwners>[0]) =>
  changesOf(steps, findOwners(steps));
const secretType = "kubernetes:core/v1:Secret";

describe("owners", () => {
  it.each(["new", "tier", "protected", "prepared"])(
    "gives every resource of %s to its instance, and nothing but the stack to the environment",
    async (name) => {
      const { steps } = await recorded(name);
      const ownerOf = findOwners(steps);
      const names = ["claims-triage", "credit-risk", "demand-forecast"];
      for (const { urn, type } of steps) {
        const logical = urn.slice(urn.lastIndexOf("::") + 2);
        const expected =
          type === "pulumi:pulumi:Stack"
            ? undefined
            : names.find((each) => logical === each || logical.startsWith(`${each}-`));
        expect([urn, ownerOf(urn)]).toEqual([urn, expected]);
      }
    },
  );

  it("goes by parents, not by the beginning of a name", () => {
    const bucket = step("create", "aws:s3/bucket:Bucket", "search-ranker-bucket", {
      instance: "search",
    });
    expect(findOwners([component("search"), component("search-ranker"), bucket])(bucket.urn)).toBe(
      "search",
    );
  });

  it("knows a resource that was declared raw by its label, and one that can't have a label by its name, the longest first", () => {
    const labels = {
      "app.kubernetes.io/part-of": "mlflow-instances",
      "app.kubernetes.io/instance": "search",
    };
    const labelled = step("create", "kubernetes:apps/v1:Deployment", "whatever", {
      new: { inputs: { metadata: { labels } } },
    });
    const tagged = step("create", "aws:s3/bucket:Bucket", "x", {
      new: { inputs: { tags: { ...labels, "app.kubernetes.io/instance": "search-ranker" } } },
    });
    const role = step("create", "postgresql:index/role:Role", "search-ranker-role");
    const strange = step("create", "postgresql:index/role:Role", "searching");
    const ownerOf = findOwners([labelled, tagged, role, strange]);
    expect([labelled, tagged, role, strange].map(({ urn }) => ownerOf(urn))).toEqual([
      "search",
      "search-ranker",
      "search-ranker",
      undefined,
    ]);
  });
});

describe("changes", () => {
  it("are none where every step is same", () => {
    expect(
      changesIn(
        component("a"),
        step("same", "aws:s3/bucket:Bucket", "a-bucket", { instance: "a" }),
      ),
    ).toEqual([]);
  });

  it.each([
    ["after", ["create-replacement", "replace", "delete-replaced"]],
    ["before", ["delete-replaced", "replace", "create-replacement"]],
  ] as const)("makes one replacement of its three steps, new one %s the old one", (_when, ops) => {
    const diff = {
      detailedDiff: { "spec.x": { diffKind: "update-replace", inputDiff: false } },
    } as never;
    const states = { old: { inputs: { spec: { x: 1 } } }, new: { inputs: { spec: { x: 2 } } } };
    const steps = ops.map((op) =>
      step(op, "kubernetes:batch/v1:Job", "job", {
        ...(op === "delete-replaced" ? {} : diff),
        ...states,
      }),
    );
    const changes = changesIn(...steps);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      kind: "replaced",
      properties: [{ path: "spec.x", old: "1", new: "2", replaces: true }],
    });
    expect(changes[0]?.before).toBeDefined();
    expect(changes[0]?.after).toBeDefined();
  });

  it("sees protection that comes or goes on a step that the engine calls same", () => {
    const off = step("same", "postgresql:index/database:Database", "d", {
      old: { protect: true, retainOnDelete: true },
    });
    expect(changesIn(off)[0]).toMatchObject({
      kind: "updated",
      properties: [
        { path: "protect", old: "true", new: "false" },
        { path: "retainOnDelete", old: "true", new: "false" },
      ],
    });
  });

  it("compares inputs itself where a provider gives no details", () => {
    const update = step("update", "x:y:Z", "z", {
      old: { inputs: { a: 1, b: 2, __defaults: [] } },
      new: { inputs: { a: 1, b: 3, c: 4 } },
    });
    expect(
      changesIn(update)[0]?.properties.map(({ path, old, new: next }) => [path, old, next]),
    ).toEqual([
      ["b", "2", "3"],
      ["c", undefined, "4"],
    ]);
  });

  it("never shows what a Secret holds, sealed or not", () => {
    const detailedDiff = {
      "data.password": { diffKind: "update", inputDiff: false },
      'stringData["tokens.json"]': { diffKind: "add", inputDiff: false },
    } as never;
    const update = step("update", secretType, "s", {
      detailedDiff,
      old: { inputs: { data: { password: "b3BlbiBzZXNhbWU=" } } },
      new: { inputs: { data: { password: "c2VzYW1l" }, stringData: { "tokens.json": "b3Blbg" } } },
    });
    const text = JSON.stringify(changesIn(update)[0]?.properties);
    expect(text).not.toMatch(/b3Blb|c2Vz/);
    expect(text.match(/\[secret\]/g)).toHaveLength(3);
  });

  it("says that a Secret's data is known after the update, where a preview does not know it", () => {
    const change = (paths: Record<string, string>, data: Record<string, unknown>) =>
      changesIn(
        step("update", secretType, "s", {
          detailedDiff: Object.fromEntries(
            Object.entries(paths).map(([path, diffKind]) => [path, { diffKind, inputDiff: true }]),
          ) as never,
          old: { inputs: { data: sealed } },
          new: { inputs: data },
        }),
      )[0]?.properties.map(({ path, old, new: next }) => [path, old, next]);
    const later = "[secret, known after the update]";
    expect(change({ data: "delete", stringData: "add" }, { stringData: sealed })).toEqual([
      ["data", "[secret]", later],
    ]);
    expect(change({ data: "update" }, { data: unknown })).toEqual([["data", "[secret]", later]]);
    expect(change({ data: "update" }, { data: sealed })).toEqual([
      ["data", "[secret]", "[secret]"],
    ]);
    expect(change({ "data.a": "delete" }, { data: {} })).toEqual([
      ["data.a", "[secret]", undefined],
    ]);
  });

  it("leaves components, the stack and the engine's own provider out", () => {
    expect(
      changesIn(component("a", "create"), step("create", "pulumi:providers:pulumi", "default")),
    ).toEqual([]);
  });

  it("puts what goes first", async () => {
    const { steps } = await recorded("prepared");
    const kinds = changesOf(steps, findOwners(steps)).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["deleted", "updated", "created"]));
    expect(kinds).toEqual(
      [...kinds].sort(
        (a, b) =>
          ["deleted", "replaced", "updated", "created"].indexOf(a) -
          ["deleted", "replaced", "updated", "created"].indexOf(b),
      ),
    );
  });
});
