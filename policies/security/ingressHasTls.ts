import { z } from "zod";
import { kubernetesType, metadataOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

interface Spec {
  readonly ingressClassName?: string;
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly { readonly host?: string }[];
  readonly defaultBackend?: unknown;
}

/**
 * Of the AWS Load Balancer Controller: a certificate in ACM, which the load balancer shows for
 * every host of the ingress.
 */
const albCertificate = "alb.ingress.kubernetes.io/certificate-arn";

export const ingressHasTls = resourceRule({
  name: "ingress-has-tls",
  pack: "security",
  severity: "critical",
  demand:
    "Every host of an ingress has a certificate, and no ingress answers for hosts that it does not name.",
  reason: "A token that is sent without TLS can be read and used by others.",
  steps:
    "Name each host in spec.rules, list it in spec.tls with a certificate, and remove spec.defaultBackend.",
  settings: z.object({
    albClasses: z
      .array(z.string().min(1))
      .default(["alb"])
      .describe(
        "Classes of ingresses that the AWS Load Balancer Controller serves; only there does a certificate in ACM count.",
      ),
  }),
  types: [kubernetesType.ingress],
  *check({ props }, { settings }) {
    const spec = (props["spec"] ?? {}) as Spec;
    const hasArn = (metadataOf(props).annotations?.[albCertificate] ?? "") !== "";
    const atLoadBalancer = hasArn && settings.albClasses.includes(spec.ingressClassName ?? "");
    const advice =
      hasArn && !atLoadBalancer
        ? `add it to spec.tls[].hosts (the annotation ${albCertificate} does nothing for the class ${spec.ingressClassName ?? "(none)"}; the setting albClasses names those for which it does).`
        : "add it to spec.tls[].hosts.";
    const covered = new Set((spec.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
    for (const { host } of spec.rules ?? []) {
      if (host === undefined || host === "")
        yield "A rule names no host and would answer for all; set spec.rules[].host.";
      else if (!atLoadBalancer && !covered.has(host))
        yield `The host ${host} has no certificate; ${advice}`;
    }
    if (spec.defaultBackend !== undefined)
      yield "Remove spec.defaultBackend: it answers for every host, without a certificate.";
  },
});
