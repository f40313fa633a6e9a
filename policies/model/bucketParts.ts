import type { PolicyResource } from "@pulumi/policy";
import type { Context } from "../rule.ts";
import type { Instance } from "./stack.ts";
import { bucketsOf } from "./stack.ts";

/** Buckets of an instance around which none of these types lies: each part names its bucket. */
export function* bucketsWithout(
  instance: Instance,
  types: readonly string[],
  { known }: Pick<Context<unknown>, "known">,
): Generator<PolicyResource> {
  for (const bucket of bucketsOf(instance)) {
    const name = known(() => bucket.props["bucket"] as string);
    const parts = instance.of(...types);
    // A part whose bucket a preview can't know may be this one's: what it names is checked at `up`.
    const named = parts.map((part) => known(() => part.props["bucket"] as string));
    if (name === undefined || named.some((other) => other === undefined || other === name))
      continue;
    yield bucket;
  }
}
