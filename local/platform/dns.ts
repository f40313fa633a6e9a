import { join } from "node:path";
import type { HealthContext, PlatformContext } from "./context.ts";
import { componentKubeconfig } from "./controlPlane.ts";
import { httpOk } from "./http.ts";
import { writeSecretFile } from "./kubeconfig.ts";
import type { ServiceDefinition } from "./processes.ts";

export interface DnsValues {
  readonly dnsIp: string;
  readonly nodeIp: string;
  readonly domain: string;
  readonly kubeconfig: string;
}

/**
 * The cluster's DNS server. It runs beside the cluster, not in it: pods have names from the first
 * moment.
 */
export function corefile({ dnsIp, nodeIp, domain, kubeconfig }: DnsValues): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${dnsIp}
  errors
  ready ${nodeIp}:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfig}
    ttl 5
  }
  cache 5
}
${domain}:53 {
  bind ${dnsIp}
  errors
  template IN A {
    answer "{{ .Name }} 60 IN A ${nodeIp}"
  }
  template IN ANY {
    rcode NOERROR
  }
}
.:53 {
  bind ${dnsIp}
  errors
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

export async function dns(context: PlatformContext): Promise<ServiceDefinition> {
  const { network, paths, tools } = context;
  const kubeconfig = await componentKubeconfig(context, "coredns-client");
  const configuration = corefile({ ...network, kubeconfig: kubeconfig.path });
  const path = join(paths.config, "Corefile");
  await writeSecretFile(path, configuration);
  return {
    name: "coredns",
    program: join(tools.coredns, "coredns"),
    args: ["-conf", path, "-quiet"],
    configuration: [configuration, kubeconfig.text],
  };
}

export const dnsHealth = ({ network }: HealthContext): Promise<void> =>
  httpOk(`http://${network.nodeIp}:8181/ready`);
