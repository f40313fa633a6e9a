import { defined } from "../../values/defined.ts";
import type { GivenToAll, KeyPair, StoreKey } from "../given.ts";
import { tlsArgs, waysIn } from "../ingressArgs.ts";
import type { ArgsOfKind, UsersOfInstance } from "../kind.ts";
import { cidrOfHost, hostOfUrl } from "../shared.ts";
import type { ExistingPlatform } from "./schema.ts";

const principalOf = (
  { objectStore }: ExistingPlatform,
  { accessKeyId, principal }: Pick<KeyPair, "accessKeyId" | "principal">,
): string =>
  principal ??
  (objectStore.principalFormat ?? "{accessKeyId}").replaceAll("{accessKeyId}", accessKeyId);

/** What the component is told of a platform where everything is there already. */
export function existingArgs(platform: ExistingPlatform, given: GivenToAll): ArgsOfKind {
  const { objectStore, postgresql, ingress, network } = platform;
  const { features, accessKeyId, adminPrincipal: principal } = objectStore;
  return {
    objectStore: {
      endpoint: objectStore.endpoint,
      region: objectStore.region,
      versioning: features.versioning,
      lifecycle: features.lifecycle,
      encryption: features.encryption,
      publicAccessBlock: features.publicAccessBlock,
      objectOwnership: features.objectOwnership,
      tlsOnly: features.policyConditions,
      denyOthers: objectStore.openByDefault ?? false,
      adminPrincipals: [principalOf(platform, defined({ accessKeyId, principal }))],
    },
    postgresql: defined({
      sslMode: postgresql.sslMode,
      characterType: postgresql.characterType,
    }),
    ingress: defined({
      className: ingress.className,
      gateway: ingress.gateway && defined(ingress.gateway),
      controller: ingress.controller,
      tls: tlsArgs(ingress.tls, given),
    }),
    network: {
      // The environment's check guarantees an address or explicit ranges.
      databaseCidrs: network?.databaseCidrs ?? [cidrOfHost(postgresql.host)!],
      objectStoreCidrs: network?.objectStoreCidrs ?? [cidrOfHost(hostOfUrl(objectStore.endpoint))!],
      ...waysIn(ingress, network),
    },
  };
}

/** An instance's own users; one without a key is refused before. */
export function existingUsers(platform: ExistingPlatform, key: StoreKey): UsersOfInstance {
  const user = (pair: KeyPair) => ({
    accessKeyId: pair.accessKeyId,
    secretAccessKey: pair.secretAccessKey,
    principal: principalOf(platform, pair),
  });
  return defined({
    bucketCredentials: user(key),
    maintenanceCredentials: key.maintenance && user(key.maintenance),
    bucket: key.former && { formerPrincipals: [...key.former] },
  });
}
