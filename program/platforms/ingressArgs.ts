import type { MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import type { AwsPlatform } from "./aws/schema.ts";
import type { ExistingPlatform } from "./existing/schema.ts";
import type { GivenToAll } from "./given.ts";

type Platform = AwsPlatform | ExistingPlatform;

/** What a network policy is told alike on every platform. */
export function waysIn(
  ingress: Partial<Pick<Platform["ingress"], "controllerNamespace" | "controllerCidrs">>,
  network: Platform["network"],
) {
  return {
    ...(ingress.controllerNamespace === undefined
      ? {}
      : { ingressNamespace: ingress.controllerNamespace }),
    ...(ingress.controllerCidrs === undefined ? {} : { ingressCidrs: ingress.controllerCidrs }),
    ...(network?.dnsNamespace === undefined ? {} : { dnsNamespace: network.dnsNamespace }),
    ...(network?.dnsCidrs === undefined ? {} : { dnsCidrs: network.dnsCidrs }),
  };
}

/** Where the certificate comes from; undefined: a Gateway's listener has it. */
export function tlsArgs(
  tls: Platform["ingress"]["tls"],
  { certificate }: GivenToAll,
): MlflowPlatformArgs["ingress"]["tls"] {
  if (tls === undefined) return undefined;
  switch (tls.source) {
    case "pem":
      return {
        source: tls.source,
        ...(certificate && {
          certificate: certificate.pem,
          privateKey: certificate.privateKey,
        }),
      };
    case "certManager":
      return { source: tls.source, clusterIssuer: tls.clusterIssuer };
    case "secret":
      return { source: tls.source, secretName: tls.name };
    case "acm":
      return { source: tls.source, certificateArn: tls.certificateArn };
  }
}
