import { expect, test } from "vitest";
import { bucketHasTags } from "../../../../policies/naming/bucketHasTags.ts";
import { resourceContract } from "../contract.ts";
import { part } from "../instances.ts";
import { judge, remedied, unknown, type Given } from "../support.ts";

const bucket = part("bucket");
const at = (changed: Record<string, string | undefined>): Given => {
  const tags = Object.entries({ ...bucket.props["tags"], ...changed }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...bucket, props: { ...bucket.props, tags: Object.fromEntries(tags) } };
};
const message = (...tags: string[]) =>
  `Set the tags ${tags.join(", ")} to what the namespace of the instance says.`;

resourceContract(bucketHasTags, {
  passes: { "a bucket with all tags": bucket },
  breaks: at({ "mlflow-instances/owner": undefined }),
  message: message("mlflow-instances/owner"),
  unknown: [
    {
      given: at({ "mlflow-instances/team": unknown, "mlflow-instances/tier": "" }),
      later: ["tags.mlflow-instances/team"],
      violations: [message("mlflow-instances/tier")],
    },
    { given: { ...bucket, props: { tags: unknown } }, later: ["tags"] },
  ],
  ignores: {
    "another's bucket": { ...bucket, props: { bucket: "logs", tags: { team: "platform" } } },
    "a bucket without tags, which instance-labels-agree asks for": {
      ...bucket,
      props: { bucket: "mlflow-dev-shop" },
    },
    "another type": { ...at({ "mlflow-instances/owner": undefined }), type: "aws:sqs/queue:Queue" },
  },
});

test("each tag is asked for, also where only one is left", async () => {
  const only = { ...bucket, props: { tags: { "mlflow-instances/team": " " } } };
  expect((await judge(bucketHasTags, only)).violations).toEqual([
    message(
      "app.kubernetes.io/part-of",
      "app.kubernetes.io/instance",
      "mlflow-instances/team",
      "mlflow-instances/environment",
      "mlflow-instances/tier",
      "mlflow-instances/owner",
    ),
  ]);
  expect(
    (await judge(bucketHasTags, at({ "app.kubernetes.io/part-of": "mlflow" }))).violations,
  ).toEqual([message("app.kubernetes.io/part-of")]);
});

test("the remedy sets the one tag that is the same everywhere", async () => {
  expect(await remedied(bucketHasTags, at({ "app.kubernetes.io/part-of": undefined }))).toEqual(
    bucket.props,
  );
  expect(await remedied(bucketHasTags, at({ "mlflow-instances/team": undefined }))).toBeUndefined();
  expect(await remedied(bucketHasTags, { ...bucket, props: { bucket: "logs" } })).toBeUndefined();
});
