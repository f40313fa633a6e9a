import { IngressController } from "../enums.ts";
import type { IngressSettings } from "../platformSettings.ts";
import { parseBytes } from "./quantities.ts";
import { tierDefaults } from "./tiers.ts";

const MiB = 2 ** 20;

/**
 * Least rate at which a pod moves an artifact to or from S3. AWS expects 85 to 90 MB/s for each
 * connection; the image uses one for each upload.
 */
const bytesPerSecond = 20 * MiB;

/** Idle limit of common load balancers; no request needs less. */
const leastSeconds = 60;

/** The longest idle time-out that a load balancer of AWS takes. */
const mostSeconds = 4000;

/**
 * For how long a load balancer may hear nothing of a request, in seconds. An upload is silent while
 * it waits for room in the server (30 s at most) and after its last byte, while the store joins the
 * parts of a large file. A tier with larger files gets more time, by the size of its temporary
 * volume: 5Gi 256 s, 10Gi 512 s, 20Gi 1024 s.
 */
export function requestSeconds(temporaryStorage: string): number {
  const seconds = Math.ceil((parseBytes(temporaryStorage) ?? 0) / bytesPerSecond);
  return Math.min(Math.max(seconds, leastSeconds), mostSeconds);
}

type IngressFacts = { readonly gateway?: object | undefined } & {
  readonly [Key in "controller" | "groupName" | "groupTemporaryStorage"]?:
    IngressSettings[Key] | undefined;
};

/**
 * Size of the uploads that a load balancer which instances share waits for: it takes one idle
 * time-out only. Undefined where it is the instance's own.
 */
export function sharedStorage({
  controller,
  groupName,
  groupTemporaryStorage,
}: IngressFacts): string | undefined {
  if (controller !== IngressController.Alb || groupName === undefined) return undefined;
  return groupTemporaryStorage ?? tierDefaults("production").temporaryStorage;
}

/** The same for the load balancer of one instance. */
export function idleSeconds(ingress: IngressFacts, temporaryStorage: string): number {
  return requestSeconds(sharedStorage(ingress) ?? temporaryStorage);
}

/**
 * For how long the server keeps a connection without a request: longer than the load balancer,
 * which otherwise sends a request into a connection that is being closed and answers 502. Traefik
 * and NGINX open another one then. At a Gateway the load balancer's time-out is its owner's, up to
 * the most that AWS takes. Everywhere else nothing is set: a move between Ingress and Gateway must
 * not restart the pods.
 */
export function keepAliveSeconds(
  ingress: IngressFacts,
  temporaryStorage: string,
): number | undefined {
  if (ingress.controller !== IngressController.Alb) return undefined;
  const idle = ingress.gateway === undefined ? idleSeconds(ingress, temporaryStorage) : mostSeconds;
  return idle + 15;
}
