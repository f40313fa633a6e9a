import { readFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { factsOf } from "../../program/platforms/index.ts";
import type { AwsPlatform } from "../../program/platforms/aws/schema.ts";
import { eksKubeconfig } from "../../program/platforms/aws/eksKubeconfig.ts";
import { clientOf } from "../../program/preflight/awsClient.ts";
import { wordsFor } from "../../program/preflight/check.ts";
import { describeCluster } from "../../program/preflight/eksCluster.ts";
import { Cluster } from "./cluster.ts";
import { failure, Refusal } from "../refusal.ts";
import type { Place } from "./target.ts";

/** Opens the cluster that the stack names. */
export const openCluster = async (place: Place): Promise<Cluster> =>
  place.clusterName === undefined
    ? openContext(place)
    : await openEks(place.clusterName, place.account);

// AWS answers within a second; a login that opens a browser is for a shell, not for this.
const eksLimitMs = 15_000;

/**
 * Asks AWS for the address; the login itself is `aws eks get-token`, with the
 * credentials of the user who runs this.
 */
async function openEks(clusterName: string, platform: AwsPlatform): Promise<Cluster> {
  const settings = clientOf(platform, "eks", factsOf(platform).storeAuthorities());
  const config = new KubeConfig();
  try {
    const cluster = await describeCluster(clusterName, settings, AbortSignal.timeout(eksLimitMs));
    config.loadFromString(eksKubeconfig(cluster, platform));
  } catch (error) {
    throw failure(
      `The EKS cluster ${clusterName} in ${platform.region} can't be found out: ${wordsFor(error as NodeJS.ErrnoException)}.`,
    );
  }
  return new Cluster(config);
}

/** Opens the context that the stack names, whatever the file's current one is. */
export function openContext({
  kubeconfig,
  context,
}: {
  kubeconfig: string;
  context: string;
}): Cluster {
  const config = new KubeConfig();
  try {
    readFileSync(kubeconfig);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refusal(
      code === "ENOENT"
        ? `There is no kubeconfig file ${kubeconfig}.`
        : `The kubeconfig file can't be read: ${message}`,
    );
  }
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    // A TypeError is the library's stumbling over a file that holds something else.
    const words =
      error instanceof TypeError
        ? "it has no clusters, users and contexts"
        : (error as Error).message.split("\n")[0];
    throw new Refusal(`${kubeconfig} is no kubeconfig file: ${words}`);
  }
  const found = config.getContextObject(context);
  if (found === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new Refusal(
      `${kubeconfig} has no context "${context}"; it has ${names.join(", ") || "none"}.`,
    );
  }
  config.setCurrentContext(context);
  if (!URL.canParse(config.getCurrentCluster()?.server ?? "")) {
    throw new Refusal(
      `${kubeconfig}: the cluster "${found.cluster}" of context ${context} has no server.`,
    );
  }
  if (config.getCurrentUser() === null)
    throw new Refusal(
      `${kubeconfig}: the user "${found.user}" of context ${context} isn't in the file.`,
    );
  return new Cluster(config);
}
