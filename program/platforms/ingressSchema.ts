import { defaultListener, dnsLabel, dnsSubdomain } from "@mlflow-instances/components/internal";
import { z } from "zod";
import { strict } from "../values/problems.ts";
import { expected } from "../values/wrongValue.ts";
import { cidrs } from "./shared.ts";
import { traefikSchema } from "./traefik.ts";

// How the instances are reached, wherever they run.

const named = (pattern: RegExp) =>
  z
    .string()
    .max(253, { error: expected("a name of at most 253 characters") })
    .regex(pattern, { error: expected("the name of an object in Kubernetes") });
const kubernetesName = named(dnsSubdomain);

const gatewaySchema = strict({
  name: kubernetesName.describe("Its name."),
  namespace: named(dnsLabel).describe("Its namespace."),
  listener: kubernetesName
    .optional()
    .describe(
      `Without tls: its listener for HTTPS, which has a certificate for *.<domain>. Default: ${defaultListener}.`,
    ),
  redirectListener: kubernetesName
    .optional()
    .describe(
      "Its listener for plain HTTP; a second route of each instance there leads to HTTPS. Default: none is made.",
    ),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("With tls: port of the instances' own listeners. Default: 443."),
  timeouts: z
    .boolean()
    .optional()
    .describe(
      "Whether the routes switch the controller's time-outs off; false for a controller that refuses that. Default: true.",
    ),
});

const shape = {
  className: z
    .string()
    .min(1)
    .optional()
    .describe("IngressClass that serves the instances. Exactly one of this and gateway."),
  gateway: gatewaySchema
    .optional()
    .describe(
      "Gateway (Gateway API) that serves the instances, which get an HTTPRoute instead of an Ingress. Exactly one of this and className.",
    ),
  controllerNamespace: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Namespace of the pods that pass requests on (the ingress controller's, or those of the Gateway), if they run in the cluster: the only pods that reach an instance.",
    ),
  controllerCidrs: cidrs
    .optional()
    .describe("Addresses of what passes requests on, if it runs outside the pod network."),
  traefik: traefikSchema
    .optional()
    .describe(
      "Traefik: how it is configured itself. Default: Traefik's own defaults; every preview then lists what to set.",
    ),
};

interface IngressValues {
  readonly className?: string | undefined;
  readonly gateway?: unknown;
  readonly tls?: { readonly source: string } | undefined;
}

/** Checks the fields that depend on className or gateway. */
function checkTarget({ className, gateway, tls }: IngressValues, context: z.RefinementCtx): void {
  const add = (path: string[], message: string): void => {
    context.addIssue({ code: "custom", path, message });
  };
  if (className !== undefined && gateway !== undefined)
    add(
      ["gateway"],
      "stands beside className: an instance is reached by one of them; remove the other",
    );
  else if (className === undefined && gateway === undefined)
    add([], "has neither className nor gateway; exactly one is needed");
  if (tls === undefined && gateway === undefined) add(["tls"], "is missing");
  if (tls?.source === "acm" && gateway !== undefined && className === undefined)
    add(
      ["tls", "source"],
      "acm needs className: the Gateway's own listener has such a certificate; remove tls",
    );
}

/** The schema of `ingress`, with what a kind of platform adds. */
export const ingressSchema = <Shape extends { readonly tls: z.ZodType }>(more: Shape) =>
  strict({ ...shape, ...more })
    .meta({ oneOf: [{ required: ["className", "tls"] }, { required: ["gateway"] }] })
    .superRefine((value, context) => checkTarget(value as IngressValues, context));
