import type { PlatformFacts, PlatformKind, Surroundings } from "../kind.ts";
import { pemSecrets } from "../shared.ts";
import { awsArgs } from "./args.ts";
import { isOfRds, rdsAuthorities, withPublicOnes } from "./authorities.ts";
import { backupDaysOf, type ServerHome } from "./rds.ts";
import { awsNotes, checkAws } from "./problems.ts";
import type { AwsPlatform } from "./schema.ts";

/** The home of the environment's own database server. */
export const serverHomeOf = (
  { name, tier, isPreview }: Surroundings,
  { region, accountId, vpc }: AwsPlatform,
): ServerHome => ({
  name,
  region,
  accountId,
  vpcId: vpc.id,
  tier,
  isPreview,
});

const noKeys = "on kind aws no key exists: instances and this program have roles";
const rdsHasOne = "the server of database.rds has a secret that RDS manages";

function databaseAuthorities({ database, region, caBundle }: AwsPlatform): string | undefined {
  return database.rds !== undefined || isOfRds(database.given.host)
    ? rdsAuthorities(region)
    : caBundle;
}

// Services at endpoints of one's own may have certificates of both kinds.
function storeAuthorities({ caBundle, artifactStore }: AwsPlatform): string | undefined {
  return caBundle === undefined || artifactStore?.endpoints === undefined
    ? undefined
    : withPublicOnes(caBundle);
}

function factsOf(platform: AwsPlatform): PlatformFacts<AwsPlatform> {
  const { kubernetes, database, ingress } = platform;
  const pem = pemSecrets(ingress);
  const useless = { objectStoreSecretAccessKey: noKeys, artifactStoreKeys: noKeys };
  return {
    check: (surroundings, add) => checkAws(platform, serverHomeOf(surroundings, platform), add),
    notes: awsNotes(platform),
    cluster:
      kubernetes.clusterName === undefined
        ? kubernetes
        : { clusterName: kubernetes.clusterName, account: platform },
    ...(database.rds === undefined
      ? {
          needs: ["postgresqlAdminPassword", ...pem],
          useless,
          connections: {
            max: database.given.maxConnections,
            path: ["database", "given", "maxConnections"],
          },
        }
      : {
          needs: pem,
          useless: { ...useless, postgresqlAdminPassword: rdsHasOne },
          connections: {
            max: database.rds.maxConnections,
            path: ["database", "rds", "maxConnections"],
          },
        }),
    backupDays: database.rds && backupDaysOf(database.rds),
    bucketPrefix: platform.artifactStore?.bucketPrefix,
    hasRoles: true,
    argsOf: (given) => awsArgs(platform, given),
    usersOf: () => ({}),
    billsByTag: true,
    databaseAuthorities: () => databaseAuthorities(platform),
    storeAuthorities: () => storeAuthorities(platform),
  };
}

export const aws: PlatformKind<AwsPlatform, AwsPlatform> = {
  factsOf,
  bundles: ({ region, caBundle }) => {
    const own = typeof caBundle === "string" ? [caBundle] : [];
    return [
      ...own,
      ...own.map(withPublicOnes),
      ...(typeof region === "string" ? [rdsAuthorities(region)] : []),
    ];
  },
};
