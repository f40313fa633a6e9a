// Which kinds are waited for; all others are ready once they exist.
import type { Kind } from "../kinds.ts";
import { deploymentAwaiter } from "./deployment.ts";
import { ingressAwaiter } from "./ingress.ts";
import { jobAwaiter } from "./job.ts";
import { persistentVolumeClaimAwaiter } from "./persistentVolumeClaim.ts";
import { resourceQuotaAwaiter } from "./resourceQuota.ts";
import { serviceAwaiter } from "./service.ts";
import type { Awaiter } from "./waiting.ts";

const awaiters: Record<string, Awaiter> = {
  Deployment: deploymentAwaiter,
  Ingress: ingressAwaiter,
  Job: jobAwaiter,
  PersistentVolumeClaim: persistentVolumeClaimAwaiter,
  ResourceQuota: resourceQuotaAwaiter,
  Service: serviceAwaiter,
};

// A refresh asks these for their readiness too; the others are simply read.
const readable = new Set(["Deployment", "Ingress", "Job", "Service"]);

export function awaiterOf(kind: Kind): Awaiter | undefined {
  return awaiters[kind.kind];
}

export function readAwaiterOf(kind: Kind): Awaiter | undefined {
  return readable.has(kind.kind) ? awaiters[kind.kind] : undefined;
}
