import type { PolicyResource } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy.js";
import { readStack, type Stack } from "../model/stack.ts";

// What a guarded value guards; exported by the SDK and, marked internal, left out of the declared
// types.
const { getSpecialProxyTarget } = proxy as unknown as { getSpecialProxyTarget: string };

const known = new WeakMap<object, Stack>();

/**
 * The stack, sorted by instance, for all rules of one request. The SDK gives each rule a list of
 * its own around the same properties (`deserializeOnce`), and no two requests have properties in
 * common.
 */
export function readStackOnce(resources: readonly PolicyResource[]): Stack {
  const first = resources[0]?.props[getSpecialProxyTarget] as object | undefined;
  if (first === undefined) return readStack(resources);
  let stack = known.get(first);
  if (stack === undefined) known.set(first, (stack = readStack(resources)));
  return stack;
}
