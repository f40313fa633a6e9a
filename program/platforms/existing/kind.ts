import type { PlatformKind } from "../kind.ts";
import { pemSecrets } from "../shared.ts";
import { existingArgs, existingUsers } from "./args.ts";
import { checkExisting, missingFeatures, type ExistingPlatform } from "./schema.ts";

export const existing: PlatformKind<ExistingPlatform> = {
  factsOf: (platform) => ({
    check: (_surroundings, add) => checkExisting(platform, add),
    notes: missingFeatures(platform),
    cluster: platform.kubernetes,
    needs: [
      "postgresqlAdminPassword",
      "objectStoreSecretAccessKey",
      "artifactStoreKeys",
      ...pemSecrets(platform.ingress),
    ],
    useless: {},
    connections: {
      max: platform.postgresql.maxConnections,
      path: ["postgresql", "maxConnections"],
    },
    backupDays: undefined,
    bucketPrefix: platform.objectStore.bucketPrefix,
    hasRoles: false,
    argsOf: (given) => existingArgs(platform, given),
    usersOf: (key) => (key === undefined ? {} : existingUsers(platform, key)),
    billsByTag: false,
    databaseAuthorities: () => platform.caBundle,
    storeAuthorities: () => platform.caBundle,
  }),
  bundles: ({ caBundle }) => (typeof caBundle === "string" ? [caBundle] : []),
};
