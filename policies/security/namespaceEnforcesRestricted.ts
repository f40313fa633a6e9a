import type { ResourceValidationPolicy } from "@pulumi/policy";
import { isInstanceNamespace, metadataOf, rule } from "../resources.ts";

const level = "pod-security.kubernetes.io/enforce";

/** The API server then refuses every pod that is privileged, runs as root or may gain rights, whoever creates it. */
export const namespaceEnforcesRestricted: ResourceValidationPolicy = {
  name: "namespace-enforces-restricted",
  description: "The namespace of an instance enforces the restricted pod security level.",
  validateResource: rule(isInstanceNamespace, (props) => {
    const found = metadataOf(props).labels?.[level];
    return found === "restricted" ? [] : [`Set the label ${level}: restricted (it is ${found ?? "not set"}).`];
  }),
};
