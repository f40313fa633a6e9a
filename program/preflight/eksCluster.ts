import { awsWords, type ClientSettings } from "./awsClient.ts";
import { eksKubeconfig, type EksCluster, type Who } from "../platforms/aws/eksKubeconfig.ts";
import type { Context } from "./context.ts";
import { contextOf } from "./kubeconfig.ts";
import { Reason } from "./check.ts";

/** Asks AWS for a cluster; where there is none of that name, the error has those that there are. */
export async function describeCluster(
  name: string,
  settings: ClientSettings,
  signal: AbortSignal,
): Promise<EksCluster> {
  const { DescribeClusterCommand, EKSClient, ListClustersCommand } =
    await import("@aws-sdk/client-eks");
  const client = new EKSClient(settings);
  try {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }), {
      abortSignal: signal,
    });
    if (cluster?.endpoint === undefined)
      throw new Reason(`it has no API server yet (${cluster?.status ?? "unknown"})`);
    return {
      name,
      endpoint: cluster.endpoint,
      authority: cluster.certificateAuthority?.data ?? "",
    };
  } catch (error) {
    if (error instanceof Reason || (error as Error).name !== "ResourceNotFoundException")
      throw awsWords(error);
    const { clusters = [] } = await client
      .send(new ListClustersCommand({}), { abortSignal: signal })
      .catch(() => ({ clusters: undefined }));
    throw new Reason(
      `there is no such cluster; the region has ${clusters.join(", ") || "none that we may see"}`,
    );
  } finally {
    client.destroy();
  }
}

/** The same as the context of a kubeconfig. */
export async function eksContext(
  name: string,
  who: Who,
  settings: ClientSettings,
  signal: AbortSignal,
): Promise<Context> {
  return contextOf(eksKubeconfig(await describeCluster(name, settings, signal), who), name);
}
