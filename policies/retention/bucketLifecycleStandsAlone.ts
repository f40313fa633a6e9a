import { bucketTypes, label, marksOf, partOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const bucketLifecycleStandsAlone = resourceRule({
  name: "bucket-lifecycle-stands-alone",
  pack: "retention",
  severity: "medium",
  demand:
    "The lifecycle of a bucket is a BucketLifecycleConfiguration and no property of the bucket.",
  reason:
    "Two places for one lifecycle overwrite each other at every update, and only one of them is judged.",
  steps: "Move lifecycleRules of the bucket into a BucketLifecycleConfiguration.",
  types: bucketTypes,
  *check(bucket) {
    if (marksOf(bucket)[label.partOf] !== partOf) return;
    if ((bucket.props["lifecycleRules"] ?? []).length > 0)
      yield "Move lifecycleRules into a BucketLifecycleConfiguration.";
  },
});
