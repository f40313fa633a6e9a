import type { MlflowInstanceArgs } from "@mlflow-instances/components";
import { secret } from "../environment/config.ts";
import type { Platform } from "../platforms/index.ts";

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

/** Where the certificate comes from. */
export function tlsArgs(tls: Platform["ingress"]["tls"]): MlflowInstanceArgs["ingress"]["tls"] {
  switch (tls.source) {
    case "pem":
      return {
        source: tls.source,
        certificate: secret("tlsCertificate"),
        privateKey: secret("tlsPrivateKey"),
      };
    case "certManager":
      return { source: tls.source, clusterIssuer: tls.clusterIssuer };
    case "secret":
      return { source: tls.source, secretName: tls.name };
    case "acm":
      return { source: tls.source, certificateArn: tls.certificateArn };
  }
}
