import { expect, test } from "vitest";
import { instanceSharesNoBucket } from "../../../../policies/isolation/instanceSharesNoBucket.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const destination = [
  "spec",
  "jobTemplate",
  "spec",
  "template",
  "spec",
  "containers",
  0,
  "env",
  0,
  "value",
] as const;
const writesTo = (uri: string) => changed(part("retention"), destination, uri);
const bucket = (name: string, which = "shop") => changed(part("bucket", which), ["bucket"], name);
const verdict = async (stack: Parameters<typeof judgeStack>[1], config = {}) =>
  (await judgeStack(instanceSharesNoBucket, stack, { config })).violations;

const wrong = "urn:shop-retention: shop-retention of instance shop uses the bucket";
const set = "set MLFLOW_INSTANCE_ARTIFACTS_DESTINATION to one of mlflow-dev-shop.";

stackContract(instanceSharesNoBucket, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "clients that write by themselves": instance("shop", {
      retention: writesTo("s3://mlflow-dev-shop/artifacts"),
    }),
  },
  breaks: instance("shop", { retention: writesTo("s3-proxied://models/artifacts") }),
  message: `${wrong} models, which is not its own; ${set}`,
  unknown: [
    {
      given: instance("shop", {
        retention: writesTo(unknown),
        staleRuns: { ...writesTo("s3://models"), name: "shop-stale-runs" },
      }),
      later: [destination.join(".")],
      violations: [
        `${wrong.replace("shop-retention of", "shop-stale-runs of")} models, which is not its own; ${set}`,
      ],
    },
    { given: instance("shop", { bucket: bucket(unknown) }), later: ["bucket"] },
  ],
  ignores: {
    "a bucket that is missing, which instance-has-each-part-once asks for": instance("shop", {
      bucket: undefined,
    }),
    "a bucket that is named otherwise, which bucket-follows-instance judges": instance("shop", {
      bucket: bucket("models"),
    }),
    "another's bucket that is declared once more, which bucket-follows-instance judges": [
      ...instance(),
      ...instance("search", { bucket: bucket("mlflow-dev-shop", "search") }),
    ],
    "a workload of nobody": with_({
      ...writesTo("s3://models"),
      name: "other",
      urn: "urn:other",
      props: { metadata: { namespace: "other" } },
    }),
  },
});

test("whose bucket it is, is told", async () => {
  const stack = [
    ...instance("shop", { retention: writesTo("s3://mlflow-dev-search/artifacts") }),
    ...instance("search"),
  ];
  expect(await verdict(stack)).toEqual([`${wrong} mlflow-dev-search, which is search's; ${set}`]);
  const bare = instance("archive", { bucket: undefined });
  expect(await verdict([...bare, ...stack])).toEqual([
    `${wrong} mlflow-dev-search, which is search's; ${set}`,
  ]);
  const exclusion = { reason: "one bucket until they have moved", until: "2026-12-31" };
  const shop = { instance: "shop", ...exclusion };
  // Sharing concerns both, so both have to be excluded.
  expect(await verdict(stack, { exclusions: [shop] })).toHaveLength(1);
  expect(
    await verdict(stack, { exclusions: [shop, { ...exclusion, instance: "search" }] }),
  ).toEqual([]);
});

test("two that declare the same bucket, whose name follows both of theirs", async () => {
  const stack = [
    ...instance("shop", {
      bucket: bucket("mlflow-web-shop"),
      retention: undefined,
      staleRuns: undefined,
    }),
    ...instance("web-shop", {
      bucket: bucket("mlflow-web-shop", "web-shop"),
      retention: undefined,
      staleRuns: undefined,
    }),
  ];
  expect(await verdict(stack)).toEqual([
    "urn:web-shop-bucket: Instances shop and web-shop both declare the bucket mlflow-web-shop; give one another prefix.",
  ]);
});
