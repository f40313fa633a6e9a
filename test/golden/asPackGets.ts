import { asGiven } from "../fast/policies/everyRule.ts";
import { urnOf } from "../support/urn.ts";
import type { Given } from "../fast/policies/support.ts";
import type { Registered } from "./registered.ts";

/** What the program of a stack registers, as a policy pack gets it. */
export function asPackGets(
  stack: string,
  { providers, registrations }: Pick<Registered, "providers" | "registrations">,
): Given[] {
  const ofProvider = (reference: string) => {
    const provider = providers.find((each) => each.name === reference.split("::")[3]);
    return provider && { type: provider.type, props: provider.inputs, urn: urnOf(stack, provider) };
  };
  return [...providers, ...registrations.filter(({ custom }) => custom)].map((each) => {
    const provider = ofProvider(each.provider);
    return provider === undefined ? asGiven(stack, each) : { ...asGiven(stack, each), provider };
  });
}
