import type { Given, KeyPair } from "../given.ts";
import { tlsArgs, waysIn } from "../ingressArgs.ts";
import type { ArgsOfKind } from "../kind.ts";
import { cidrOfHost, hostOfUrl } from "../shared.ts";
import type { ExistingPlatform } from "./schema.ts";

/** An instance's arguments where everything is there already. */
export function existingArgs(
  { objectStore, postgresql, ingress, network }: ExistingPlatform,
  given: Given,
): ArgsOfKind {
  const { features } = objectStore;
  // An instance without its key is refused before.
  const key = given.key!;
  const format = (accessKeyId: string) =>
    (objectStore.principalFormat ?? "{accessKeyId}").replaceAll("{accessKeyId}", accessKeyId);
  const principal = ({ accessKeyId, principal: own }: KeyPair) => own ?? format(accessKeyId);
  return {
    bucket: {
      endpoint: objectStore.endpoint,
      region: objectStore.region,
      versioning: features.versioning,
      lifecycle: features.lifecycle,
      encryption: features.encryption,
      publicAccessBlock: features.publicAccessBlock,
      objectOwnership: features.objectOwnership,
      tlsOnly: features.policyConditions,
      denyOthers: objectStore.openByDefault ?? false,
      instancePrincipal: principal(key),
      ...(key.former === undefined ? {} : { formerPrincipals: [...key.former] }),
      ...(key.maintenance === undefined
        ? {}
        : { maintenancePrincipal: principal(key.maintenance) }),
      adminPrincipals: [objectStore.adminPrincipal ?? format(objectStore.accessKeyId)],
    },
    database: {
      sslMode: postgresql.sslMode,
      ...(postgresql.characterType === undefined
        ? {}
        : { characterType: postgresql.characterType }),
    },
    bucketCredentials: credentials(key),
    ...(key.maintenance === undefined
      ? {}
      : { maintenanceCredentials: credentials(key.maintenance) }),
    ingress: {
      className: ingress.className,
      ...(ingress.controller === undefined ? {} : { controller: ingress.controller }),
      tls: tlsArgs(ingress.tls, given),
    },
    network: {
      // The environment's check guarantees an address or explicit ranges.
      databaseCidrs: network?.databaseCidrs ?? [cidrOfHost(postgresql.host)!],
      objectStoreCidrs: network?.objectStoreCidrs ?? [cidrOfHost(hostOfUrl(objectStore.endpoint))!],
      ...waysIn(ingress, network),
    },
  };
}

const credentials = ({ accessKeyId, secretAccessKey }: KeyPair) => ({
  accessKeyId,
  secretAccessKey,
});
