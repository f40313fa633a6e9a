import { expect, test } from "vitest";
import { bucketFollowsInstance } from "../../../../policies/naming/bucketFollowsInstance.ts";
import { resourceContract } from "../contract.ts";
import { part } from "../instances.ts";
import { judge, unknown, type Given } from "../support.ts";

const named = (name: string | undefined, instance = "shop"): Given => {
  const given = part("bucket", instance);
  return {
    ...given,
    props: { tags: given.props["tags"], ...(name === undefined ? {} : { bucket: name }) },
  };
};

resourceContract(bucketFollowsInstance, {
  passes: {
    "a prefix in front": named("mlflow-dev-shop"),
    "no prefix": named("shop"),
    "a preview's": named("mlflow-pr-12-shop", "pr-12-shop"),
  },
  breaks: named("mlflow-dev-search"),
  message:
    "The bucket of instance shop is named mlflow-dev-search; set bucket to a name that ends with -shop.",
  unknown: [{ given: named(unknown), later: ["bucket"] }],
  ignores: {
    "a bucket that is no instance's": { ...part("bucket"), props: { bucket: "logs" } },
    "a bucket of another chart": {
      ...part("bucket"),
      props: { bucket: "logs", tags: { "app.kubernetes.io/instance": "shop" } },
    },
    "another type": { ...named("mlflow-dev-search"), type: "aws:sqs/queue:Queue" },
  },
});

test("the name's end is a word of its own, and a name by chance is none", async () => {
  expect((await judge(bucketFollowsInstance, named("mlflow-workshop"))).violations).toEqual([
    "The bucket of instance shop is named mlflow-workshop; set bucket to a name that ends with -shop.",
  ]);
  expect((await judge(bucketFollowsInstance, named(undefined))).violations).toEqual([
    "Set bucket to a name that ends with -shop; without one it is named by chance.",
  ]);
});
