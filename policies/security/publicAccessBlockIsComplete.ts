import { publicAccessBlockType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const flags = [
  "blockPublicAcls",
  "blockPublicPolicy",
  "ignorePublicAcls",
  "restrictPublicBuckets",
] as const;

export const publicAccessBlockIsComplete = resourceRule({
  name: "public-access-block-is-complete",
  pack: "security",
  severity: "high",
  demand: "A bucket's public access block blocks all four ways into the open.",
  reason: "Each flag closes another way; one that is left open is enough for the next mistake.",
  steps: "Set all four flags of the BucketPublicAccessBlock to true.",
  types: [publicAccessBlockType],
  *check({ props }, context) {
    for (const flag of flags) {
      const value = context.known(() => ({ is: props[flag] as boolean | undefined }));
      if (value !== undefined && value.is !== true) yield `Set ${flag} to true.`;
    }
  },
  // A flag that is not set counts as false; one that says false was meant.
  remedy({ props }) {
    const missing = flags.filter((flag) => props[flag] === undefined);
    return missing.length === 0
      ? undefined
      : { ...props, ...Object.fromEntries(missing.map((flag) => [flag, true])) };
  },
});
