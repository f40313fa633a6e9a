import { kubernetesType, metadataOf } from "../resources.ts";
import { resourceRule } from "../rule.ts";

interface Spec {
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly { readonly host?: string }[];
  readonly defaultBackend?: unknown;
}

/** Of the AWS Load Balancer Controller: a certificate in ACM, which the load balancer shows for every host of the ingress. */
const albCertificate = "alb.ingress.kubernetes.io/certificate-arn";

export const ingressHasTls = resourceRule({
  name: "ingress-has-tls",
  pack: "security",
  severity: "critical",
  demand: "Every host of an ingress has a certificate, and no ingress answers for hosts that it does not name.",
  reason: "A token sent without TLS is everybody's token.",
  types: [kubernetesType.ingress],
  *check({ props }) {
    const spec = (props["spec"] ?? {}) as Spec;
    const atLoadBalancer = (metadataOf(props).annotations?.[albCertificate] ?? "") !== "";
    const covered = new Set((spec.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
    for (const { host } of spec.rules ?? []) {
      if (host === undefined || host === "") yield "A rule names no host and would answer for all; set spec.rules[].host.";
      else if (!atLoadBalancer && !covered.has(host)) yield `The host ${host} has no certificate; add it to spec.tls[].hosts.`;
    }
    if (spec.defaultBackend !== undefined) yield "Remove spec.defaultBackend: it answers for every host, without a certificate.";
  },
});
