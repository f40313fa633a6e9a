import { allowsEverybody, statementsOf } from "../model/buckets.ts";
import { bucketPolicyType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const bucketPolicyNamesPrincipals = resourceRule({
  name: "bucket-policy-names-principals",
  pack: "security",
  severity: "critical",
  demand: "No statement of a bucket policy allows an action to every principal.",
  reason: "Models and data of an instance are then public to anyone who guesses the bucket's name.",
  steps:
    "Name the principals of the statement in Principal.AWS, or limit it with a Condition on the caller.",
  types: [bucketPolicyType],
  *check({ props }) {
    const statements = statementsOf(props["policy"]);
    if (statements === undefined)
      return yield "policy is no policy document: JSON with a Statement.";
    for (const [index, statement] of statements.entries())
      if (allowsEverybody(statement))
        yield `The statement ${statement.Sid ?? index} of policy allows every principal; name the principals (Principal.AWS), or limit it with a Condition on the identity or the source.`;
  },
});
