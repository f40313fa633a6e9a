import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

// How a route waits for its controller's word. A route that no controller accepts is an object like
// any other to Kubernetes, and its host answers nobody.

/** For how long a controller may think before the update fails. */
export const accepted = { create: "3m", update: "3m" };

/**
 * Lets a controller take up a new way in before the end of the update removes the old one: between
 * Ingress and HTTPRoute, Traefik puts each kind's changes off for up to 2 s, apart from the other's.
 * It costs no time: pods take longer to start.
 */
export const takenUp = (): pulumi.CustomResourceOptions =>
  // Mocks have no hooks, and an unknown one lets their programs wait for ever.
  typeof pulumi.runtime.getMonitor()?.registerResourceHook === "function"
    ? { hooks: { afterCreate: [() => setTimeout(5_000)] } }
    : {};

const conditions = {
  /** One entry for each parent; a route of ours has one parent. */
  route: "$.status.parents[*].conditions",
  listenerSet: "$.status.conditions",
} as const;

// Said of the object as it is now, not of the one before the change.
const isCurrent = "@.observedGeneration==$.metadata.generation";

/**
 * Annotations by which the Kubernetes provider waits until the object is accepted, and after
 * {@link accepted} fails with what the controller has said. The first expression is there
 * for the words: where a condition is refused it selects that condition whole, and the provider's
 * error then quotes it, with reason and message; it never matches before the second does. No
 * blanks: the provider's parser takes none between the second and the third term.
 */
export function waitForAcceptance(kind: keyof typeof conditions): Record<string, string> {
  const path = conditions[kind];
  const refused = (type: string): string => `?@.type=="${type}"&&@.status=="False"&&${isCurrent}`;
  const accepted = `@.type=="Accepted"&&${isCurrent}`;
  return {
    "pulumi.com/waitFor": JSON.stringify([
      `jsonpath={${path}..[${refused("Accepted")},${refused("ResolvedRefs")},?@=="True"]}=True`,
      `jsonpath={${path}[?${accepted}].status}=True`,
    ]),
  };
}
