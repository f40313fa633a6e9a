import { expect, test, vi } from "vitest";
import { retentionIsNotCutShortOf } from "../../../../policies/retention/retentionIsNotCutShort.ts";
import type { Previous } from "../../../../policies/model/previousState.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const annotation = "mlflow-instances/deleted-experiment-retention";
const at = (value: string | undefined) => namespace({}, { [annotation]: value });
const before = (value: string | undefined): Previous => ({
  instances: new Map([["shop", value === undefined ? {} : { [annotation]: value }]]),
});
const rule = (previous: Previous) => retentionIsNotCutShortOf(async () => previous);
const message = (from: number, to: number, least: number) =>
  `deletedExperimentRetention of instance shop goes from ${from}d to ${to}d; set it to ${least}d or more, and lower it again after the next run, or have it excluded.`;

resourceContract(rule(before("30d")), {
  passes: {
    "the same": at("30d"),
    longer: at("60d"),
    "the half": at("15d"),
    "none, which namespace-declares-retention asks for": at(undefined),
  },
  breaks: at("14d"),
  message: message(30, 14, 15),
  unknown: [{ given: at(unknown), later: [`metadata.annotations.${annotation}`] }],
  ignores: {
    "a new instance": namespace({ "app.kubernetes.io/instance": "search" }, { [annotation]: "1d" }),
    "a namespace that is no instance's": foreignNamespace,
    "a namespace of another chart": namespace(
      { "app.kubernetes.io/part-of": "grafana" },
      { [annotation]: "1d" },
    ),
    "another type": { ...at("1d"), type: "kubernetes:core/v1:ConfigMap" },
  },
});

test("a trace retention is not lowered by more than half at once either; the first one is a decision", async () => {
  const traces = "mlflow-instances/trace-retention";
  const declares = (value: string | undefined) =>
    namespace({}, { [annotation]: "30d", [traces]: value });
  const had: Previous = {
    instances: new Map([["shop", { [annotation]: "30d", [traces]: "180d" }]]),
  };
  expect((await judge(rule(had), declares("89d"))).violations).toEqual([
    message(180, 89, 90).replace("deletedExperimentRetention", "traceRetention"),
  ]);
  for (const value of ["90d", "365d", undefined])
    expect(await judge(rule(had), declares(value))).toEqual(clean);
  expect(await judge(rule(before("30d")), declares("7d"))).toEqual(clean);
});

test("half of an odd number is rounded up", async () => {
  expect((await judge(rule(before("7d")), at("3d"))).violations).toEqual([message(7, 3, 4)]);
  expect(await judge(rule(before("7d")), at("4d"))).toEqual(clean);
});

test("an instance that declared nothing before has nothing to lose", async () => {
  expect(await judge(rule(before(undefined)), at("1d"))).toEqual(clean);
});

test("where nobody can tell what was before, it is refused with the reason", async () => {
  expect(
    (await judge(rule({ refusal: "there is no `pulumi` on PATH" }), at("30d"))).violations,
  ).toEqual(["The former retention of instance shop is unknown: there is no `pulumi` on PATH."]);
});

test("the question is asked with the stack itself, which says nothing", async () => {
  const ask = vi.fn(async () => before("30d"));
  const stack: Given = {
    type: "pulumi:pulumi:Stack",
    urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
    props: {},
  };
  expect(await judge(retentionIsNotCutShortOf(ask), stack)).toEqual(clean);
  expect(ask.mock.calls).toEqual([[stack.urn]]);
});

test("a stack without an instance is not asked about", async () => {
  const ask = vi.fn(async () => before("30d"));
  await judge(retentionIsNotCutShortOf(ask), foreignNamespace);
  expect(ask).not.toHaveBeenCalled();
});
