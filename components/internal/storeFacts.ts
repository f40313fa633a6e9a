import type { BucketSettings } from "../mlflowInstanceArgs.ts";
import type { ObjectStoreSettings, PostgresqlSettings } from "../platformSettings.ts";
import type { NamedArgs } from "./namedArgs.ts";
import type { ResolvedInstance } from "./resolvedInstance.ts";

/** An instance's bucket and the store it is in. */
export type BucketFacts = ObjectStoreSettings &
  ResolvedInstance["bucket"] &
  Pick<BucketSettings, "formerPrincipals"> & { readonly forceDestroy: boolean };

/** An instance's database and the server it is on. */
export type DatabaseFacts = ResolvedInstance["database"] & Pick<PostgresqlSettings, "host">;

/** `isKept`: whether the caller protects all of the component by a resource option. */
export const bucketFacts = (
  args: NamedArgs,
  settings: ResolvedInstance,
  isKept: boolean,
): BucketFacts => ({
  ...args.platform.objectStore,
  ...settings.bucket,
  ...(args.bucket?.formerPrincipals === undefined
    ? {}
    : { formerPrincipals: args.bucket.formerPrincipals }),
  forceDestroy:
    settings.prepareDeletion || (args.bucket?.forceDestroy ?? (!settings.protect && !isKept)),
});

export const databaseFacts = (args: NamedArgs, settings: ResolvedInstance): DatabaseFacts => ({
  ...settings.database,
  host: args.platform.postgresql.host,
});
