import { asObject, numberOf, textOf, valueAt } from "./values.ts";

export const replicasOf = (deployment: unknown): number =>
  numberOf(valueAt(deployment, ["spec", "replicas"])) ?? 1;

/** How many pods a Deployment's strategy lets be missing while it replaces them. */
export function missingPods(deployment: unknown, replicas: number): number {
  const strategy = asObject(valueAt(deployment, ["spec", "strategy"]));
  if (strategy["type"] === "Recreate") return replicas;
  const most = asObject(strategy["rollingUpdate"])["maxUnavailable"] ?? "25%";
  // Kubernetes rounds a percentage of pods that may be missing down.
  return typeof most === "number"
    ? most
    : Math.floor((Number.parseInt(textOf(most) ?? "0", 10) / 100) * replicas);
}
