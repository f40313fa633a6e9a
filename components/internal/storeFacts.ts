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

export const bucketFacts = (args: NamedArgs, settings: ResolvedInstance): BucketFacts => ({
  ...args.platform.objectStore,
  ...args.bucket,
  ...settings.bucket,
  forceDestroy: settings.prepareDeletion || (args.bucket?.forceDestroy ?? !settings.protect),
});

export const databaseFacts = (args: NamedArgs, settings: ResolvedInstance): DatabaseFacts => ({
  ...settings.database,
  host: args.platform.postgresql.host,
});
