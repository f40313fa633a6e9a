import type { ResourceValidationPolicy } from "@pulumi/policy";
import { kubernetesType, rule } from "../resources.ts";

interface Spec {
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly { readonly host?: string }[];
  readonly defaultBackend?: unknown;
}

/** A token sent without TLS is everybody's token. */
export const ingressHasTls: ResourceValidationPolicy = {
  name: "ingress-has-tls",
  description: "Every host of an ingress has a certificate, and no ingress answers for hosts that it does not name.",
  validateResource: rule(
    ({ type }) => type === kubernetesType.ingress,
    (props) => {
      const spec = (props["spec"] ?? {}) as Spec;
      const rules = spec.rules ?? [];
      const covered = new Set((spec.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
      const problems = rules.flatMap(({ host }) => {
        if (host === undefined || host === "") return ["A rule names no host and would answer for all; set spec.rules[].host."];
        return covered.has(host) ? [] : [`The host ${host} has no certificate; add it to spec.tls[].hosts.`];
      });
      if (spec.defaultBackend !== undefined) problems.push("Remove spec.defaultBackend: it answers for every host, without a certificate.");
      return problems;
    },
  ),
};
