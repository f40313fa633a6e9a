import { join } from "node:path";
import { stringify } from "yaml";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import { httpOk } from "./http.ts";
import { writeSecretFile } from "./kubeconfig.ts";
import type { ServiceDefinition } from "./processes.ts";
import { ingressClassName } from "./values.ts";

const pingPort = 8082;

export function traefikConfiguration({ network, paths }: PlatformContext): object {
  const { nodeIp, ports } = network;
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: "WARN" },
    entryPoints: {
      web: {
        address: `${nodeIp}:${ports.http}`,
        http: {
          redirections: { entryPoint: { to: "websecure", scheme: "https", permanent: true } },
        },
      },
      websecure: {
        address: `${nodeIp}:${ports.https}`,
        asDefault: true,
        http: { tls: {} },
        // An upload of a large model takes longer than the usual minute. What a client says of its
        // own address is not believed.
        transport: { respondingTimeouts: { readTimeout: 0 } },
      },
      ping: { address: `${nodeIp}:${pingPort}` },
    },
    ping: { entryPoint: "ping" },
    providers: {
      kubernetesIngress: {
        ingressClass: ingressClassName,
        ingressEndpoint: { ip: nodeIp },
        // An instance without a ready pod answers 503, which clients retry, and not 404.
        allowEmptyServices: true,
      },
      kubernetesGateway: { statusAddress: { ip: nodeIp } },
      file: { filename: join(paths.config, "traefik-tls.yaml"), watch: false },
    },
  };
}

/**
 * Unknown names get the platform's own certificate, so that a client sees a 404 and no certificate
 * error.
 */
export function traefikTls({ paths }: PlatformContext): object {
  const { certificate, key } = pair(paths, "ingress");
  return {
    tls: {
      stores: { default: { defaultCertificate: { certFile: certificate, keyFile: key } } },
      options: { default: { minVersion: "VersionTLS12" } },
    },
  };
}

export async function traefik(context: PlatformContext): Promise<ServiceDefinition> {
  const { paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "traefik-client");
  const path = join(paths.config, "traefik.yaml");
  const texts = [stringify(traefikConfiguration(context)), stringify(traefikTls(context))] as const;
  await writeSecretFile(path, texts[0]);
  await writeSecretFile(join(paths.config, "traefik-tls.yaml"), texts[1]);
  return {
    name: "traefik",
    program: join(tools.traefik, "traefik"),
    args: [`--configfile=${path}`],
    env: { KUBECONFIG: kubeconfig.path },
    configuration: [...texts, kubeconfig.text, ...(await certificateTexts(paths, ["ingress"]))],
  };
}

export const traefikHealth = ({ network }: HealthContext): Promise<void> =>
  httpOk(`http://${network.nodeIp}:${pingPort}/ping`);
