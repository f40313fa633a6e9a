import { expect, test } from "vitest";
import { bucketHasLifecycle } from "../../../../policies/retention/bucketHasLifecycle.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { beingDeleted, instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const sweeps = (value: string) =>
  changed(
    part("retention"),
    ["spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "env", 2, "value"],
    value,
  );
const message =
  'urn:shop-bucket: The bucket shop-bucket of instance shop has no lifecycle; add a BucketLifecycleConfiguration, or say in the environment that the store knows none (MLFLOW_INSTANCE_BUCKET_LIFECYCLE: "false" of the CronJob shop-retention).';

stackContract(bucketHasLifecycle, {
  passes: {
    "a bucket with a lifecycle": instance(),
    "a store that knows none, so the job sweeps": instance("shop", {
      lifecycle: undefined,
      retention: sweeps("false"),
    }),
    "one of two jobs that sweeps, where instance-has-each-part-once finds one too many": with_(
      { ...sweeps("false"), name: "shop-second", urn: "urn:shop-second" },
      instance("shop", { lifecycle: undefined }),
    ),
    "a lifecycle of any logical name": instance("shop", {
      lifecycle: { ...part("lifecycle"), name: "cleanup" },
    }),
    "the older type": instance("shop", {
      lifecycle: {
        ...part("lifecycle"),
        type: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
      },
    }),
  },
  breaks: instance("shop", { lifecycle: undefined }),
  message,
  unknown: [
    {
      given: instance("shop", { lifecycle: undefined, retention: sweeps(unknown) }),
      later: ["spec.jobTemplate.spec.template.spec.containers.0.env.2.value"],
    },
    {
      given: instance("shop", { lifecycle: changed(part("lifecycle"), ["bucket"], unknown) }),
      later: ["bucket"],
    },
  ],
  ignores: {
    "an instance without the job, which instance-has-each-part-once asks for": instance("shop", {
      lifecycle: undefined,
      retention: undefined,
    }),
    "an instance on its way out": instance("shop", {
      namespace: beingDeleted,
      lifecycle: undefined,
      retention: undefined,
    }),
    "a bucket of nobody": with_({
      type: "aws:s3/bucket:Bucket",
      name: "logs",
      props: { bucket: "logs" },
    }),
  },
});

test("another bucket's lifecycle does not count", async () => {
  const lifecycle = changed(part("lifecycle"), ["bucket"], "mlflow-dev-search");
  expect(
    (
      await judgeStack(bucketHasLifecycle, [
        ...instance("shop", { lifecycle }),
        ...instance("search"),
      ])
    ).violations,
  ).toEqual([message]);
});
