import { bucketHasPolicy } from "../../../../policies/security/bucketHasPolicy.ts";
import { bucket, bucketPolicy } from "../compliantBucket.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { unknown } from "../support.ts";

stackContract(bucketHasPolicy, {
  passes: { "a bucket with a policy": [namespace(), bucket, bucketPolicy] },
  breaks: [namespace(), bucket],
  message:
    "urn:1: The bucket of instance shop has no policy; add a BucketPolicy that names who may use it and refuses plain HTTP.",
  unknown: [
    { given: [namespace(), bucket, changed(bucketPolicy, ["bucket"], unknown)], later: ["bucket"] },
  ],
  ignores: {
    "a bucket of no instance": [{ ...bucket, name: "other", props: { bucket: "other" } }],
  },
});
