import { bucketLifecycleStandsAlone } from "../../../../policies/retention/bucketLifecycleStandsAlone.ts";
import { changed } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { part } from "../instances.ts";
import { unknown } from "../support.ts";

const bucket = part("bucket");
const inline = (rules: unknown) => changed(bucket, ["lifecycleRules"], rules);

resourceContract(bucketLifecycleStandsAlone, {
  passes: { "a bucket": bucket, "no rules": inline([]) },
  breaks: inline([{ enabled: true, expiration: { days: 30 } }]),
  message: "Move lifecycleRules into a BucketLifecycleConfiguration.",
  unknown: [{ given: inline(unknown), later: ["lifecycleRules"] }],
  ignores: {
    "another's bucket": changed(inline([{ enabled: true }]), ["tags"], undefined),
    "another type": { ...inline([{ enabled: true }]), type: "aws:sqs/queue:Queue" },
  },
});
