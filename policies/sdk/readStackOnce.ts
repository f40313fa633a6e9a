import type { PolicyResource } from "@pulumi/policy";
import { readStack, type Stack } from "../model/stack.ts";
import { inside } from "./inside.ts";

const known = new WeakMap<object, Stack>();

/**
 * The stack, sorted by instance, for all rules of one request. The SDK gives each rule a list of
 * its own around the same properties (`deserializeOnce`), and no two requests have properties in
 * common.
 */
export function readStackOnce(resources: readonly PolicyResource[]): Stack {
  const first =
    inside && (resources[0]?.props[inside.proxy.getSpecialProxyTarget] as object | undefined);
  if (first === undefined) return readStack(resources);
  let stack = known.get(first);
  if (stack === undefined) known.set(first, (stack = readStack(resources)));
  return stack;
}
