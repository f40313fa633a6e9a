import type { PolicyResource } from "@pulumi/policy";
import { kubernetesType, metadataOf } from "./resources.ts";
import type { Instance } from "./stack.ts";
import { isTrackingServer, podOf, serverTypes } from "./workloads.ts";

/** The tracking servers of an instance: one, unless something is wrong. */
export const serversOf = (instance: Instance): PolicyResource[] =>
  instance.of(...serverTypes).filter(isTrackingServer);

/** Pods of a server at least and at most: its own number, or the bounds of what scales it. */
export function replicasOf(
  instance: Instance,
  server: PolicyResource,
): { least: number; most: number } {
  const name = metadataOf(server.props).name;
  const scaler = instance
    .of(kubernetesType.autoscaler)
    .find(({ props }) => props["spec"]?.scaleTargetRef?.name === name);
  if (scaler !== undefined) {
    const { minReplicas = 1, maxReplicas } = scaler.props["spec"] as {
      minReplicas?: number;
      maxReplicas: number;
    };
    return { least: minReplicas, most: maxReplicas };
  }
  const replicas = (server.props["spec"]?.replicas ?? 1) as number;
  return { least: replicas, most: replicas };
}

interface Selector {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly unknown[];
}

/** Whether a selector means the pods of this workload. One by expressions is not followed. */
export function selectsPodsOf(
  selector: Selector | undefined,
  workload: { type: string; props: Record<string, any> },
): boolean {
  if (selector === undefined || (selector.matchExpressions ?? []).length > 0) return false;
  const labels = (podOf(workload).metadata["labels"] ?? {}) as Record<string, string>;
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/** A number, or a share of a whole such as 25 %, rounded as Kubernetes does. */
export const countOf = (
  value: number | string,
  whole: number,
  round: (share: number) => number,
): number =>
  typeof value === "string" && value.endsWith("%")
    ? round((Number(value.slice(0, -1)) / 100) * whole)
    : Number(value);
