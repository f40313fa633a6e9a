import { inside } from "./inside.ts";

/**
 * The SDK reads the properties of each resource anew for every rule, and those of the whole stack
 * for every stack rule: with 50 instances, 2,200 resources and 60 rules that is half a minute in
 * which the same objects are made. It asks its module for the function at each call, so one that
 * remembers can take its place. Only what rules look at is shared: a remedy, which may change
 * things, reads with `proxySecrets`.
 */
export function deserializeOnce(): void {
  if (inside === undefined) return;
  const module = inside.deserialize;
  const readAnew = module.deserializeProperties;
  // Keyed by the message's own part, so it all goes with the request.
  const known = new WeakMap<object, Record<string, unknown>>();
  module.deserializeProperties = (struct, proxySecrets) => {
    if (proxySecrets) return readAnew(struct, proxySecrets);
    let properties = known.get(struct);
    if (properties === undefined) known.set(struct, (properties = readAnew(struct, proxySecrets)));
    return properties;
  };
}
