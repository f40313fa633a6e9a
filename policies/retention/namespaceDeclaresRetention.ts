import type { ResourceValidationPolicy } from "@pulumi/policy";
import { isInstanceNamespace, metadataOf, rule } from "../resources.ts";

const annotation = "mlflow-instances/deleted-experiment-retention";
const [min, max] = [1, 90];

/** Without grace a mistaken deletion is final at once; without an end, deleted personal data stays for ever. */
export const namespaceDeclaresRetention: ResourceValidationPolicy = {
  name: "namespace-declares-retention",
  description: `Each instance declares for how long deleted experiments can be restored: ${min}d to ${max}d.`,
  validateResource: rule(isInstanceNamespace, (props) => {
    const found = metadataOf(props).annotations?.[annotation];
    if (found === undefined) return [`Set the annotation ${annotation} to a number of days from ${min}d to ${max}d.`];
    const days = /^[0-9]{1,4}d$/.test(found) ? Number(found.slice(0, -1)) : Number.NaN;
    return days >= min && days <= max
      ? []
      : [`The annotation ${annotation} is "${found}"; set it to a number of days from ${min}d to ${max}d.`];
  }),
};
