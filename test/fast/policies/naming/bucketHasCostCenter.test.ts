import { bucketHasCostCenter } from "../../../../policies/naming/bucketHasCostCenter.ts";
import { aws, otherStore } from "../compliantBucket.ts";
import { resourceContract } from "../contract.ts";
import { labels } from "../fixtures.ts";
import { unknown, type Given } from "../support.ts";

const bucket = (costCenter: string | undefined, provider: Given["provider"] = aws): Given => ({
  type: "aws:s3/bucket:Bucket",
  name: "shop-bucket",
  props: { tags: labels({ "cost-center": costCenter }) },
  ...(provider === undefined ? {} : { provider }),
});

resourceContract(bucketHasCostCenter, {
  passes: { "a bucket with its cost center": bucket("4711") },
  breaks: bucket(undefined),
  message: "Set costCenter in the instance's file (tag cost-center).",
  unknown: [{ given: bucket(unknown), later: ["tags.cost-center"] }],
  ignores: {
    "a store of one's own": bucket(undefined, otherStore),
    "another's bucket": { ...bucket(undefined), props: { tags: {} } },
    "another type": { ...bucket(undefined), type: "aws:sqs/queue:Queue" },
  },
});
