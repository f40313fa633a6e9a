// The annotations by which a program steers the provider.
import type { Value } from "../shared/values.ts";
import { text } from "./objects.ts";

export const autonamed = "pulumi.com/autonamed";
export const replaceUnready = "pulumi.com/replaceUnready";

export function annotation(object: Value, key: string): string {
  return text(object, "metadata", "annotations", key);
}

export function skipsAwait(object: Value): boolean {
  return annotation(object, "pulumi.com/skipAwait") === "true";
}

export function isAutonamed(object: Value): boolean {
  return annotation(object, autonamed) === "true";
}

export function forcesPatch(object: Value): boolean {
  return annotation(object, "pulumi.com/patchForce") === "true";
}

export function namedFieldManager(object: Value): string {
  return annotation(object, "pulumi.com/patchFieldManager");
}

/** Seconds to wait: the resource option, else the annotation, else the kind's own default. */
export function timeoutSeconds(option: number, object: Value, fallback: number): number {
  if (option > 0) return option;
  const wanted = Number.parseInt(annotation(object, "pulumi.com/timeoutSeconds"), 10);
  return Number.isNaN(wanted) ? fallback : wanted;
}

export function deletionPropagation(object: Value): "Foreground" | "Background" | "Orphan" {
  const policy = annotation(object, "pulumi.com/deletionPropagationPolicy").toLowerCase();
  if (policy === "orphan") return "Orphan";
  return policy === "background" ? "Background" : "Foreground";
}
