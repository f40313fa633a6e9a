import { expect, test } from "vitest";
import { retentionJobAppliesRetention } from "../../../../policies/retention/retentionJobAppliesRetention.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { beingDeleted, instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const environment = [
  "spec",
  "jobTemplate",
  "spec",
  "template",
  "spec",
  "containers",
  0,
  "env",
] as const;
const applies = (value: string | undefined) =>
  changed(part("retention"), [...environment, 1, "value"], value);
const suspended = (value: unknown) => changed(part("retention"), ["spec", "suspend"], value);
const variable = "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION";

stackContract(retentionJobAppliesRetention, {
  passes: {
    "what is declared": instance(),
    "two instances": [...instance(), ...instance("search")],
  },
  breaks: instance("shop", { retention: applies("1d") }),
  message: `urn:shop-retention: The CronJob shop-retention of instance shop applies 1d, declared is 30d; set ${variable} to 30d.`,
  unknown: [
    {
      given: instance("shop", {
        retention: changed(suspended(true), [...environment, 1, "value"], unknown),
      }),
      later: ["spec.jobTemplate.spec.template.spec.containers.0.env.1.value"],
      violations: [
        "urn:shop-retention: The CronJob shop-retention of instance shop is suspended; remove spec.suspend.",
      ],
    },
  ],
  ignores: {
    "an instance without the job, which instance-has-each-part-once asks for": instance("shop", {
      retention: undefined,
    }),
    "an instance without a retention, which namespace-declares-retention asks for": instance(
      "shop",
      {
        namespace: namespace({}, { "mlflow-instances/deleted-experiment-retention": undefined }),
      },
    ),
    "an instance on its way out": instance("shop", {
      namespace: beingDeleted,
      retention: undefined,
      staleRuns: undefined,
    }),
    "a CronJob of nobody": with_({
      ...applies("1d"),
      name: "other",
      urn: "urn:other",
      props: { metadata: { namespace: "other" } },
    }),
  },
});

test("a trace retention is applied as it is declared, and by nobody who declares none", async () => {
  const traces = "MLFLOW_INSTANCE_TRACE_RETENTION";
  const declares = (value: string) =>
    namespace(
      {},
      {
        "mlflow-instances/deleted-experiment-retention": "30d",
        "mlflow-instances/trace-retention": value,
      },
    );
  const sets = (value: string) =>
    changed(part("retention"), [...environment, 9], { name: traces, value });
  const violations = async (given: Parameters<typeof instance>[1]) =>
    (await judgeStack(retentionJobAppliesRetention, instance("shop", given))).violations;
  expect(await violations({ namespace: declares("180d"), retention: sets("180d") })).toEqual([]);
  expect(await violations({ namespace: declares("180d"), retention: sets("30d") })).toEqual([
    `urn:shop-retention: The CronJob shop-retention of instance shop applies 30d, declared is 180d; set ${traces} to 180d.`,
  ]);
  expect(await violations({ namespace: declares("180d") })).toEqual([
    `urn:shop-retention: The CronJob shop-retention of instance shop applies no trace retention, declared is 180d; set ${traces} to 180d.`,
  ]);
  expect(await violations({ retention: sets("30d") })).toEqual([
    `urn:shop-retention: The CronJob shop-retention of instance shop applies 30d, declared is no trace retention; remove ${traces}.`,
  ]);
});

test("a suspended job, and one that applies nothing", async () => {
  expect(
    (
      await judgeStack(
        retentionJobAppliesRetention,
        instance("shop", { retention: suspended(true) }),
      )
    ).violations,
  ).toEqual([
    "urn:shop-retention: The CronJob shop-retention of instance shop is suspended; remove spec.suspend.",
  ]);
  expect(
    (
      await judgeStack(
        retentionJobAppliesRetention,
        instance("shop", { retention: changed(part("retention"), environment, []) }),
      )
    ).violations,
  ).toEqual([
    `urn:shop-retention: The CronJob shop-retention of instance shop applies no retention, declared is 30d; set ${variable} to 30d.`,
  ]);
});
