import { namespaceDeniesByDefault } from "./isolation/namespaceDeniesByDefault.ts";
import { instanceHasProductName } from "./naming/instanceHasProductName.ts";
import { namespaceDeclaresRetention } from "./retention/namespaceDeclaresRetention.ts";
import type { Rule } from "./rule.ts";
import { ingressHasTls } from "./security/ingressHasTls.ts";
import { namespaceEnforcesRestricted } from "./security/namespaceEnforcesRestricted.ts";

/** Every rule, in the order of the packs. */
export const rules: readonly Rule[] = [
  instanceHasProductName,
  namespaceDeclaresRetention,
  ingressHasTls,
  namespaceEnforcesRestricted,
  namespaceDeniesByDefault,
];
