import { z } from "zod";
import { isAtAws, isEverybody, listOf, statementsOf, type Statement } from "../model/buckets.ts";
import { bucketPolicyType, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

const key = "aws:securetransport";

/** Whether the statement's only condition is that a request came without TLS. */
function isForPlainHttp({ Condition = {} }: Statement): boolean {
  const [[operator, tests] = ["", {}], ...more] = Object.entries(Condition);
  const [[name, value] = ["", ""], ...others] = Object.entries(tests);
  return (
    more.length === 0 &&
    others.length === 0 &&
    operator === "Bool" &&
    name.toLowerCase() === key &&
    listOf(value).map(String).join() === "false"
  );
}

/**
 * Whether the statement refuses every action on the bucket and its objects to everybody who comes
 * without TLS.
 */
const refusesPlainHttp = (statement: Statement): boolean =>
  statement.Effect === "Deny" &&
  isEverybody(statement.Principal) &&
  listOf(statement.Action).some((action) => action === "s3:*" || action === "*") &&
  coversAll(listOf(statement.Resource)) &&
  isForPlainHttp(statement);

const coversAll = (resources: readonly string[]): boolean =>
  resources.includes("*") ||
  (resources.some((name) => name.endsWith("/*")) && resources.some((name) => !name.endsWith("/*")));

export const bucketPolicyRefusesPlainHttp = resourceRule({
  name: "bucket-policy-refuses-plain-http",
  pack: "security",
  severity: "high",
  demand: "Every bucket policy refuses requests that come without TLS.",
  reason: "A presigned address is a credential, and one changed letter sends it in clear.",
  steps:
    "Add a statement with Effect Deny for every principal and the Condition aws:SecureTransport false; where the store knows no conditions, set otherStores to false for the environment.",
  settings: z.object({
    otherStores: bounds(z.boolean(), true).describe(
      "Whether it is asked for where the object store is not AWS itself; false where the store knows no conditions in policies.",
    ),
  }),
  types: [bucketPolicyType],
  *check(policy, { settings }) {
    if (!isAtAws(policy.provider) && !boundFor(settings.otherStores, placeOf(policy))) return;
    const statements = statementsOf(policy.props["policy"]);
    // What is no document at all is said by bucket-policy-names-principals.
    if (statements === undefined || statements.some(refusesPlainHttp)) return;
    const instead = isAtAws(policy.provider)
      ? "add one"
      : "add one (platform.objectStore.features.policyConditions: true of the environment), or set otherStores of this rule to false where the store knows no conditions";
    yield `policy has no statement with Effect Deny, Principal "*", Action "s3:*", the bucket and its objects as Resource and the Condition { Bool: { "aws:SecureTransport": "false" } }; ${instead}.`;
  },
});
