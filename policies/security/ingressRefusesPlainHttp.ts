import { kubernetesType, metadataOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { inEach } from "../model/parts.ts";

const traefik = "traefik.ingress.kubernetes.io/router.entrypoints";
const albPorts = "alb.ingress.kubernetes.io/listen-ports";
const albRedirect = "alb.ingress.kubernetes.io/ssl-redirect";

type Annotations = Record<string, string>;

/**
 * What each annotation of a common controller has to be; the key alone asks nothing of users of
 * another controller.
 */
const checks: Record<string, (value: string, all: Annotations) => string | undefined> = {
  // Entry points are named by the operator of Traefik; `web` is the one for plain HTTP in its own
  // chart and in k3s.
  [traefik]: (value) =>
    value.split(",").some((name) => name.trim() === "web") ? "websecure" : undefined,
  "nginx.ingress.kubernetes.io/ssl-redirect": (value) => (value === "false" ? "true" : undefined),
  "nginx.ingress.kubernetes.io/force-ssl-redirect": (value) =>
    value === "false" ? "true" : undefined,
  "ingress.kubernetes.io/ssl-redirect": (value) => (value === "false" ? "true" : undefined),
  "haproxy.org/ssl-redirect": (value) => (value === "false" ? "true" : undefined),
  "kubernetes.io/ingress.allow-http": (value) => (value === "true" ? "false" : undefined),
  [albPorts]: (value, all) =>
    /"HTTP"/.test(value) && all[albRedirect] === undefined ? '[{"HTTPS":443}]' : undefined,
};

export const ingressRefusesPlainHttp = resourceRule({
  name: "ingress-refuses-plain-http",
  pack: "security",
  severity: "critical",
  demand: "No annotation of an ingress opens plain HTTP.",
  reason: "A client that was given http:// once would send its token in clear, with each request.",
  steps:
    "Set the annotation to the value of the message, so that the ingress listens on HTTPS only or redirects to it.",
  types: [kubernetesType.ingress],
  *check({ props }, context) {
    const annotations = metadataOf(props).annotations ?? {};
    yield* inEach(Object.keys(annotations), context, function* (key) {
      const wanted = checks[key]?.(annotations[key]!, annotations);
      if (wanted !== undefined)
        yield `metadata.annotations ${key} is ${annotations[key]}, which opens plain HTTP; set it to ${wanted}.`;
    });
  },
});
