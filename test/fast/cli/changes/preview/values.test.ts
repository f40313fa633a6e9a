import { describe, expect, it } from "vitest";
import {
  readablePath,
  segmentsOf,
  show,
  showBoth,
  valueAt,
} from "../../../../../cli/changes/preview/values.ts";
import { sealed, unknown } from "./support.ts";

describe("property paths", () => {
  it.each([
    ["spec.replicas", ["spec", "replicas"]],
    ["spec.containers[0].env[12].value", ["spec", "containers", 0, "env", 12, "value"]],
    ['tags["mlflow-instances/tier"]', ["tags", "mlflow-instances/tier"]],
    ['data["a.b\\"c"].x', ["data", 'a.b\\"c', "x"]],
  ])("%s", (path, segments) => expect(segmentsOf(path)).toEqual(segments));

  it("finds a key with dots in it, which the engine writes without quotes", () => {
    const inputs = {
      metadata: { labels: { "app.kubernetes.io/name": "mlflow", app: { other: 1 } } },
    };
    expect(valueAt(inputs, segmentsOf("metadata.labels.app.kubernetes.io/name"))).toBe("mlflow");
    expect(valueAt(inputs, segmentsOf("metadata.labels.app.other"))).toBe(1);
    expect(valueAt(inputs, segmentsOf("metadata.labels.none"))).toBeUndefined();
  });

  it("shows a list's item by its name", () => {
    const inputs = {
      containers: [
        { name: "server", env: [{ name: "A" }, { name: "WORKERS", value: "2" }, { value: "x" }] },
      ],
    };
    expect(readablePath(segmentsOf("containers[0].env[1].value"), [inputs])).toBe(
      "containers[server].env[WORKERS].value",
    );
    expect(readablePath(segmentsOf("containers[0].env[2].value"), [inputs])).toBe(
      "containers[server].env[2].value",
    );
    expect(readablePath(segmentsOf("containers[0].env[1]"), [undefined, inputs])).toBe(
      "containers[server].env[WORKERS]",
    );
  });
});

describe("a value on a page", () => {
  it("is never a secret, wherever it lies", () => {
    expect(show(sealed)).toBe("[secret]");
    expect(show({ a: [{ password: sealed }] })).toBe('{"a":[{"password":"[secret]"}]}');
    expect(valueAt({ data: sealed }, ["data", "tokens.json"])).toBe(sealed);
  });

  it("says what only the update will know", () => {
    expect(show(unknown)).toBe("known after the update");
    expect(show({ bucket: unknown, arn: `arn:${unknown}` })).toBe(
      '{"bucket":"known after the update","arn":"arn:known after the update"}',
    );
  });

  it("is one line of at most 80 characters", () => {
    expect(show("a\n  b\tc")).toBe("a b c");
    expect(show("x".repeat(80))).toBe("x".repeat(80));
    expect(show("x".repeat(81))).toBe(`${"x".repeat(79)}…`);
  });

  it("begin shortly before they differ, where what is kept of them would be the same", () => {
    const same = "x".repeat(100);
    expect(showBoth(`${same}a`, `${same}b`)).toEqual({
      old: `…${"x".repeat(40)}a`,
      new: `…${"x".repeat(40)}b`,
    });
    expect(showBoth(same, `${same}b`)).toEqual({
      old: `…${"x".repeat(40)}`,
      new: `…${"x".repeat(40)}b`,
    });
    expect(showBoth(`a${same}`, `b${same}`)).toEqual({
      old: `a${"x".repeat(78)}…`,
      new: `b${"x".repeat(78)}…`,
    });
    expect(showBoth(`${same},"b":1}`, `${same},"b":2}`)).toEqual({
      old: '…"b":1}',
      new: '…"b":2}',
    });
    expect(showBoth(same, same)).toEqual({ old: show(same), new: show(same) });
    expect(showBoth(undefined, same).old).toBeUndefined();
  });

  it.each([
    [1, "1"],
    [false, "false"],
    [null, "null"],
    ["", ""],
    [undefined, undefined],
  ])("%s", (value, text) => expect(show(value)).toBe(text));
});
