import { isAtAws } from "../model/buckets.ts";
import { accessKeyType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const noAccessKeyIsMade = resourceRule({
  name: "no-access-key-is-made",
  pack: "security",
  severity: "high",
  demand: "No stack makes an access key of AWS.",
  reason: "Its secret is stored in the state and works from everywhere until it is revoked.",
  steps: "Remove the AccessKey, and give the workload a role (IRSA or EKS Pod Identity).",
  types: [accessKeyType],
  *check({ provider, props }) {
    if (isAtAws(provider))
      yield `Remove the access key of user ${(props["user"] as string | undefined) ?? "(none)"}; give the workload a role instead (IRSA or EKS Pod Identity).`;
  },
});
