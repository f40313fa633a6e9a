import { z } from "zod";
import { strict } from "../values/problems.ts";
import { expected } from "../values/wrongValue.ts";

/** Traefik's own settings, which annotations of an ingress can't change. */
export const traefikSchema = strict({
  allowEmptyServices: z
    .boolean()
    .describe(
      "providers.kubernetesIngress.allowEmptyServices of Traefik. Without it an instance that has no ready pod answers 404 instead of 503, and clients do not retry a 404.",
    ),
  readTimeout: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,5})s$/, { error: expected("a number of seconds such as 0s or 3600s") })
    .describe(
      "transport.respondingTimeouts.readTimeout of its HTTPS entry point, for a whole request; 0s is no limit. Longer uploads are cut off.",
    ),
});

interface Ingress {
  readonly className?: string | undefined;
  readonly gateway?: unknown;
  readonly controller?: string | undefined;
  readonly traefik?: z.output<typeof traefikSchema> | undefined;
}

const isTraefik = ({ className, controller }: Ingress): boolean =>
  controller === undefined ? /traefik/i.test(className ?? "") : controller === "traefik";

/** Why the record of Traefik's settings is out of place; undefined where it isn't. */
export function traefikProblem({ controller, traefik }: Ingress): string | undefined {
  if (traefik === undefined || controller === undefined || controller === "traefik")
    return undefined;
  return `is set, but the controller is ${controller}; remove it`;
}

/** What Traefik uses unless it is configured. */
const defaults = { allowEmptyServices: false, readTimeout: "60s" };

/** 20 GiB, the largest default of a tier, in two hours at 2.8 MB/s. */
const leastSeconds = 7200;

/** What the platform team still has to set in Traefik; nothing for another controller. */
export function traefikNotes(ingress: Ingress): string[] {
  if (!isTraefik(ingress)) return [];
  const { allowEmptyServices, readTimeout } = ingress.traefik ?? defaults;
  const seconds = Number(readTimeout.slice(0, -1));
  const missing = [
    // Routes of the Gateway API get 503 without it.
    ...(allowEmptyServices || ingress.gateway !== undefined
      ? []
      : [
          "providers.kubernetesIngress.allowEmptyServices=true (otherwise clients get 404, which they do not retry, while an instance has no ready pod)",
        ]),
    ...(seconds === 0 || seconds >= leastSeconds
      ? []
      : [
          `transport.respondingTimeouts.readTimeout=0s on the HTTPS entry point (otherwise uploads are cut off after ${readTimeout})`,
        ]),
  ];
  if (missing.length === 0) return [];
  return [
    `Traefik itself needs: ${missing.join("; ")}. Once it is set, platform.ingress.traefik records it.`,
  ];
}
