import { isAtAws } from "../model/buckets.ts";
import { bucketTypes, label, marksOf, partOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const tag = "cost-center";

export const bucketHasCostCenter = resourceRule({
  name: "bucket-has-cost-center",
  pack: "naming",
  severity: "low",
  demand: "On AWS the bucket of an instance has the tag cost-center.",
  reason: "AWS bills by tag; a store behind the provider's option endpoint sends no bill.",
  steps: "Set costCenter in the instance's file, or the tag cost-center of the bucket.",
  types: bucketTypes,
  *check(bucket, { known }) {
    if (marksOf(bucket)[label.partOf] !== partOf) return;
    if (known(() => isAtAws(bucket.provider)) !== true) return;
    if ((marksOf(bucket)[tag] ?? "").trim() === "")
      yield `Set costCenter in the instance's file (tag ${tag}).`;
  },
});
