import { bucketAclTypes, bucketTypes, objectTypes } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const open = new Set(["public-read", "public-read-write", "authenticated-read"]);
const everybody = /\/groups\/global\/(AllUsers|AuthenticatedUsers)$/;

interface Grant {
  readonly grantee?: { readonly uri?: string };
  readonly uri?: string;
}

export const bucketAclIsPrivate = resourceRule({
  name: "bucket-acl-is-private",
  pack: "security",
  severity: "critical",
  demand:
    "No access control list opens a bucket or an object to the public or to every account of AWS.",
  reason:
    "An access control list bypasses the bucket's policy, and authenticated means any AWS account.",
  steps: "Set acl to private, or remove the grant to the group that the message names.",
  types: [...bucketTypes, ...bucketAclTypes, ...objectTypes],
  *check({ props }) {
    const acl = props["acl"] as string | undefined;
    if (acl !== undefined && open.has(acl))
      yield `acl is ${acl}; set it to private, or leave it out.`;
    // Of a list of its own, and of the bucket in the provider's older form.
    const own = ((props["accessControlPolicy"]?.grants ?? []) as Grant[]).map(
      ({ grantee }) => grantee?.uri,
    );
    const inBucket = ((props["grants"] ?? []) as Grant[]).map(({ uri }) => uri);
    for (const uri of [...own, ...inBucket])
      if (everybody.test(uri ?? "")) yield `A grant names the group ${String(uri)}; remove it.`;
  },
});
