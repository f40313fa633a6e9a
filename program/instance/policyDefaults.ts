import type { Tier } from "@mlflow-instances/components/internal";
import { productionHasReplicas } from "../../policies/reliability/productionHasReplicas.ts";
import { namespaceDeclaresRetention } from "../../policies/retention/namespaceDeclaresRetention.ts";
import { tokenExpiresInTime } from "../../policies/security/tokenExpiresInTime.ts";
import { tokenHasAllowedRole } from "../../policies/security/tokenHasAllowedRole.ts";
import { boundFor, type Bounds } from "../../policies/settings.ts";

/** The rules that bound what a team writes, each with settings by tier and environment. */
export const boundingRules = [
  namespaceDeclaresRetention,
  productionHasReplicas,
  tokenExpiresInTime,
  tokenHasAllowedRole,
] as const;

/** The bounds of these rules in a tier without configuration, for descriptions. */
export function policyDefaults(tier: Tier) {
  const bound = <T>(setting: Bounds<T>): T => boundFor(setting, { tier });
  return {
    tokenDays: bound(tokenExpiresInTime.settings!.parse({}).maxDays),
    tokenRoles: bound(tokenHasAllowedRole.settings!.parse({}).roles),
    replicas: bound(productionHasReplicas.settings!.parse({}).least),
  };
}
