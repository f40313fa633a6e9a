import { awsWords } from "./awsClient.ts";
import { contextOf, type Context } from "./kubeconfig.ts";
import { Reason } from "./preflightCheck.ts";

/** An EKS cluster as AWS describes it. */
export interface EksCluster {
  readonly name: string;
  /** Address of its API server. */
  readonly endpoint: string;
  /** Its authority's certificate, base64 of PEM. */
  readonly authority: string;
}

interface Who {
  readonly region: string;
  readonly profile?: string | undefined;
}

/**
 * A kubeconfig for an EKS cluster with no secret in it: each login asks the AWS command line for a token, with the credentials of whoever runs this. The profile
 * is an argument and no variable, so that it holds whatever the shell says.
 */
export function eksKubeconfig({ name, endpoint, authority }: EksCluster, { region, profile }: Who): string {
  const args = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"];
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: profile === undefined ? args : [...args, "--profile", profile],
    interactiveMode: "Never",
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": authority } }],
    users: [{ name, user: { exec } }],
  });
}

/** Asks AWS for a cluster; where there is none of that name, the error has those that there are. */
export async function describeCluster(name: string, settings: object, signal: AbortSignal): Promise<EksCluster> {
  const { DescribeClusterCommand, EKSClient, ListClustersCommand } = await import("@aws-sdk/client-eks");
  const client = new EKSClient(settings);
  try {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }), { abortSignal: signal });
    if (cluster?.endpoint === undefined) throw new Reason(`it has no API server yet (${cluster?.status ?? "unknown"})`);
    return { name, endpoint: cluster.endpoint, authority: cluster.certificateAuthority?.data ?? "" };
  } catch (error) {
    if (error instanceof Reason || (error as Error).name !== "ResourceNotFoundException") throw awsWords(error);
    const { clusters = [] } = await client
      .send(new ListClustersCommand({}), { abortSignal: signal })
      .catch(() => ({ clusters: undefined }));
    throw new Reason(`there is no such cluster; the region has ${clusters.join(", ") || "none that we may see"}`);
  } finally {
    client.destroy();
  }
}

/** The same as the context of a kubeconfig. */
export async function eksContext(name: string, who: Who, settings: object, signal: AbortSignal): Promise<Context> {
  return contextOf(eksKubeconfig(await describeCluster(name, settings, signal), who), name);
}
