import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

// How a route waits for its controller. Kubernetes takes a route that no controller accepts, and
// requests to its host then get no answer.

/** Minutes for a controller to accept an object, before the update fails. */
const minutes = 3;

/** Mocks have no hooks, and an unknown one lets their programs wait for ever. */
export const hasHooks = (): boolean =>
  typeof pulumi.runtime.getMonitor()?.registerResourceHook === "function";

/**
 * Gives a controller time for a new object before the end of the update deletes the old: between
 * Ingress and HTTPRoute, Traefik puts each kind's changes off for up to 2 s, apart from the other's.
 * The hook only notes the change, since the engine runs one at a time; the program then stays for
 * five seconds more, for all objects at once, and deletions begin when it has ended.
 */
export class Pause {
  #isNeeded = false;

  options(): pulumi.CustomResourceOptions {
    if (!hasHooks()) return {};
    const note = (): void => {
      this.#isNeeded = true;
    };
    return { hooks: { afterCreate: [note], afterUpdate: [note] } };
  }

  after(resource: pulumi.CustomResource): void {
    resource.id.apply(async () => {
      if (this.#isNeeded) await setTimeout(5_000);
    });
  }
}

/** Options of an object that a controller has to accept; messages call it `what`. */
export const accepted = (
  name: string,
  what: string,
  pause: Pause,
): pulumi.CustomResourceOptions => ({
  customTimeouts: { create: `${minutes}m`, update: `${minutes}m` },
  ...(hasHooks()
    ? {
        hooks: {
          ...pause.options().hooks,
          onError: [
            new pulumi.ErrorHook(`${name}-refused`, async ({ errors }) => {
              const words = refusal(what, errors.join("\n"));
              if (words !== undefined) await pulumi.log.error(words);
              return false;
            }),
          ],
        },
      }
    : {}),
});

/**
 * The provider's error of an object that is not accepted, in plain words: it quotes the condition as
 * Go prints a map, or nothing if no controller has answered. Undefined for every other error.
 */
export function refusal(what: string, error: string): string | undefined {
  // Go prints the fields of a map in the order of their names.
  const quoted = / message:(.*) observedGeneration:\d+ reason:(\S+) status:/s.exec(error);
  if (quoted !== null) {
    const [, message = "", reason = ""] = quoted;
    return `${what} is not accepted: ${reason}${message === "" ? "" : `, ${message}`}`;
  }
  return /timed out waiting/.test(error)
    ? `${what} is not accepted: no controller has answered within ${minutes} minutes; is the class of the Gateway served?`
    : undefined;
}

const conditions = {
  /** One entry for each parent; a route of ours has one parent. */
  route: "$.status.parents[*].conditions",
  listenerSet: "$.status.conditions",
} as const;

// The condition is of the object as it is now, not of the one before the change.
const isCurrent = "@.observedGeneration==$.metadata.generation";

/**
 * Annotations by which the Kubernetes provider waits until the object is accepted, or fails with
 * the controller's condition. The first expression is there for that error: it selects a condition
 * that is False as a whole, and the provider's error quotes it, with reason and message; it never
 * matches before the second does. No blanks: the provider's parser takes none between the second and
 * the third term.
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
