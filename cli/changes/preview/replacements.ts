import { asObject } from "./values.ts";
import type { ResourceChange } from "./changes.ts";
import { holderTypes } from "./facts.ts";

/** Each replaced resource of an instance, with what its replacement means. */
export function replacementsOf(changes: readonly ResourceChange[]): string[] {
  return changes
    .filter(({ kind }) => kind === "replaced")
    .map((change) => {
      const { type, name, instance = "" } = change;
      const part = name.startsWith(`${instance}-`) ? name.slice(instance.length + 1) : name;
      const kind = type.slice(type.lastIndexOf(":") + 1);
      return `${part.replaceAll("-", " ")} ${kind} (${effectOf(change)})`;
    });
}

const otherEffects: Readonly<Record<string, string>> = {
  "kubernetes:batch/v1:Job": "runs again",
  "kubernetes:core/v1:ConfigMap": "pods that use it restart with the new one",
  "kubernetes:core/v1:Secret": "pods that use it restart with the new one",
  "kubernetes:apps/v1:Deployment": "with downtime",
  "kubernetes:core/v1:Service": "requests can fail until the new one is in place",
  "kubernetes:networking.k8s.io/v1:Ingress": "requests can fail until the new one is in place",
  "random:index/randomPassword:RandomPassword": "its value changes, and the old one ends",
};

function effectOf({ type, name, after, before }: ResourceChange): string {
  if (type in holderTypes) return "see Data at risk";
  // The lock and the version check are in the image: components/internal/migrationJob.ts.
  if (type === "kubernetes:batch/v1:Job" && name.endsWith("-migration"))
    return "runs again; a database that already has the schema of its image stays as it is";
  if (asObject((after ?? before)?.inputs)["type"] === "kubernetes.io/tls")
    return "the new certificate is served";
  return otherEffects[type] ?? "a new one takes its place";
}
