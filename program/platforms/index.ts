import { z } from "zod";
import { aws } from "./aws/kind.ts";
import { awsPlatformSchema, type AwsPlatform } from "./aws/schema.ts";
import { existing } from "./existing/kind.ts";
import { existingPlatformSchema, type ExistingPlatform } from "./existing/schema.ts";
import type { PlatformFacts, PlatformKind } from "./kind.ts";

/**
 * The kinds of platform. A third one is a folder here, one beside it in realize/, and a line in
 * each registry.
 */
const kinds: {
  readonly existing: PlatformKind<ExistingPlatform>;
  readonly aws: PlatformKind<AwsPlatform, AwsPlatform>;
} = {
  existing,
  aws,
};

export const platformSchema = z.discriminatedUnion("kind", [
  existingPlatformSchema,
  awsPlatformSchema,
]);

export type Platform = z.output<typeof platformSchema>;

/** The facts of a platform, whatever its kind is. */
export const factsOf = (platform: Platform): PlatformFacts<AwsPlatform> =>
  (kinds[platform.kind] as PlatformKind<Platform, AwsPlatform>).factsOf(platform);

/**
 * Every PEM bundle that the providers of an environment may have been given a file of; also for
 * unchecked values.
 */
export function bundlesOf(values: {
  kind?: unknown;
  region?: unknown;
  caBundle?: unknown;
}): string[] {
  const [, kind = existing] = Object.entries(kinds).find(([name]) => name === values.kind) ?? [];
  return kind.bundles(values);
}
