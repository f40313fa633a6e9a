import { PolicyPack, type EnforcementLevel, type Policies } from "@pulumi/policy";
import { namespaceDeniesByDefault } from "./isolation/namespaceDeniesByDefault.ts";
import { instanceHasProductName } from "./naming/instanceHasProductName.ts";
import { namespaceDeclaresRetention } from "./retention/namespaceDeclaresRetention.ts";
import { ingressHasTls } from "./security/ingressHasTls.ts";
import { namespaceEnforcesRestricted } from "./security/namespaceEnforcesRestricted.ts";

// The only place that decides how much a rule weighs; a rule's own file says what it demands.
const at = (enforcementLevel: EnforcementLevel, policies: Policies): Policies =>
  policies.map((policy) => ({ ...policy, enforcementLevel }));

new PolicyPack("mlflow-instances", {
  description: "Rules that every environment of MLflow instances has to keep",
  policies: at("mandatory", [
    instanceHasProductName,
    namespaceDeclaresRetention,
    namespaceDeniesByDefault,
    namespaceEnforcesRestricted,
    ingressHasTls,
  ]),
});
