import { expect, test } from "vitest";
import { publicAccessBlockIsComplete } from "../../../../policies/security/publicAccessBlockIsComplete.ts";
import { publicAccessBlock } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, remedied, unknown } from "../support.ts";

const broken = changed(publicAccessBlock, ["blockPublicPolicy"], false);

resourceContract(publicAccessBlockIsComplete, {
  passes: { "all four flags": publicAccessBlock },
  breaks: broken,
  message: "Set blockPublicPolicy to true.",
  unknown: [
    {
      given: changed(broken, ["blockPublicAcls"], unknown),
      later: ["blockPublicAcls"],
      violations: ["Set blockPublicPolicy to true."],
    },
  ],
  ignores: {
    "another type": { ...broken, type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock" },
  },
});

test("a flag that is not set is false", async () => {
  const given = changed(publicAccessBlock, ["restrictPublicBuckets"], undefined);
  expect((await judge(publicAccessBlockIsComplete, given)).violations).toEqual([
    "Set restrictPublicBuckets to true.",
  ]);
});

test("the remedy sets what is not set, and nothing that says false", async () => {
  expect(
    await remedied(
      publicAccessBlockIsComplete,
      changed(publicAccessBlock, ["ignorePublicAcls"], undefined),
    ),
  ).toEqual(publicAccessBlock.props);
  expect(await remedied(publicAccessBlockIsComplete, broken)).toBeUndefined();
});
