import { defined } from "../../values/defined.ts";
import { clusterNameOf, type AwsPlatform } from "./schema.ts";
import { cidrOfHost } from "../shared.ts";
import { tlsArgs, waysIn } from "../ingressArgs.ts";
import type { GivenToAll } from "../given.ts";
import type { ArgsOfKind } from "../kind.ts";

/** What the component is told of an account of AWS. */
export function awsArgs(platform: AwsPlatform, given: GivenToAll): ArgsOfKind {
  const { region, vpc, artifactStore, ingress, network, permissionsBoundaryArn } = platform;
  const endpoint = artifactStore?.endpoints?.s3;
  const { className, gateway, controller, scheme, groupName, groupTemporaryStorage, dnsZoneId } =
    ingress;
  // A load balancer of the VPC connects to the pods itself, from any of its subnets.
  const controllerCidrs = ingress.controllerCidrs ?? (controller === "alb" ? vpc.cidrs : undefined);
  const objectStoreCidrs =
    network?.objectStoreCidrs ?? (endpoint === undefined ? undefined : vpc.cidrs);
  return {
    objectStore: {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(artifactStore?.kmsKeyArn === undefined ? {} : { kmsKeyArn: artifactStore.kmsKeyArn }),
      ...(artifactStore?.storageClasses === undefined
        ? {}
        : { storageClasses: artifactStore.storageClasses }),
      adminPrincipals: platform.adminRoleArns,
    },
    postgresql: databaseArgs(platform),
    podIdentity: {
      ...(platform.podIdentity.irsa === undefined
        ? { method: "podIdentity", clusterName: clusterNameOf(platform)! }
        : { method: "irsa", oidcProviderArn: platform.podIdentity.irsa.oidcProviderArn }),
      ...(permissionsBoundaryArn === undefined ? {} : { permissionsBoundaryArn }),
    },
    ingress: defined({
      className,
      gateway: gateway && defined(gateway),
      controller,
      scheme,
      groupName,
      groupTemporaryStorage,
      dnsZoneId,
      tls: tlsArgs(ingress.tls, given),
    }),
    network: {
      databaseCidrs: network?.databaseCidrs ?? databaseCidrs(platform),
      ...(objectStoreCidrs === undefined ? {} : { objectStoreCidrs }),
      // Where interface endpoints of S3 and STS answer, if the VPC has any: their names then mean
      // addresses in it.
      endpointCidrs: vpc.cidrs,
      ...waysIn({ ...ingress, controllerCidrs }, network),
    },
  };
}

// A server made here is in the VPC; of a given one the environment's check guarantees an address or
// explicit ranges.
const databaseCidrs = ({ database, vpc }: AwsPlatform): string[] =>
  database.rds === undefined ? [cidrOfHost(database.given.host)!] : vpc.cidrs;

function databaseArgs({ database }: AwsPlatform): ArgsOfKind["postgresql"] {
  // The servers that RDS runs are signed by authorities that are known here, so nothing less than a
  // full check makes sense; and they have no C.UTF-8.
  const { sslMode = "verify-full", characterType = "en_US.UTF-8" } = database.given ?? {};
  return { sslMode, characterType };
}
