import { openApiServer } from "./apiServer.ts";
import {
  Faults,
  Reason,
  together,
  wordsFor,
  type Answer,
  type Asked,
  type Check,
} from "./check.ts";
import { checkIdentity } from "./clusterIdentity.ts";
import type { Context } from "./context.ts";
import { readContext } from "./kubeconfig.ts";
import { checkMonitoring } from "./monitoring.ts";
import { checkObjects } from "./objects.ts";
import type { Probe } from "./probes.ts";
import { checkIngress, unchecked, type IngressTarget } from "./ingress.ts";

const path = "platform.kubernetes";
const what = "The Kubernetes API server";

/**
 * The oldest minor version whose CronJobs, network policies and Pod Security Admission are those
 * that an instance needs.
 */
const oldest = { major: 1, minor: 31 };

/** What a cluster is asked for. */
export interface ClusterQuestions {
  readonly ingress: IngressTarget;
  readonly asked: Asked;
}

/**
 * Whether a context's API server answers, is the one of the last update, and has what the instances
 * need.
 */
export function kubernetesCheck(
  { kubeconfig, context }: { kubeconfig: string; context: string },
  questions: ClusterQuestions,
): Check {
  try {
    const found = readContext(kubeconfig, context);
    return {
      what,
      where: found.cluster.server,
      path,
      run: (probe) => askCluster(found, questions, probe),
    };
  } catch (error) {
    const reason = new Reason(wordsFor(error as NodeJS.ErrnoException));
    return {
      what,
      where: `context ${context} of ${kubeconfig}`,
      path,
      run: () => Promise.reject(reason),
    };
  }
}

/** The same for a cluster that is known by now. Gives a note where it could not be asked. */
export async function askCluster(
  context: Context,
  { ingress, asked }: ClusterQuestions,
  probe: Probe,
): Promise<Partial<Answer>> {
  const { server } = context.cluster;
  const api = await openApiServer(context, probe);
  if (typeof api === "string")
    return { notes: [`The cluster at ${server} was not checked: ${api}.`] };
  if (api.login === undefined)
    return unchecked(ingress, "the context has no login by certificate, token or command");

  const [version, exposure, identity, monitoring] = await Promise.all([
    api.get("/version"),
    checkIngress(api, ingress, { server, asked }),
    checkIdentity(api, server, asked),
    checkMonitoring(api, server, asked),
  ]);
  const old = tooOld(version.status === 200 ? version.body : "");
  if (old !== undefined) throw new Reason(old);
  if (identity !== undefined) throw new Faults([identity]);
  if (version.status === 200) asked.reached(context);
  return together([
    await checkObjects(api, asked),
    exposure,
    ...(monitoring === undefined ? [] : [{ errors: [monitoring] }]),
  ]);
}

/** Distributions write `28+` as the minor version, and suffixes behind the git version. */
function tooOld(body: string): string | undefined {
  const [, major, minor] = /^v?([0-9]+)\.([0-9]+)/.exec(gitVersionOf(body)) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  if (
    Number(major) > oldest.major ||
    (Number(major) === oldest.major && Number(minor) >= oldest.minor)
  )
    return undefined;
  return `its version is ${major}.${minor}; ${oldest.major}.${oldest.minor} is the oldest that the instances work with`;
}

function gitVersionOf(body: string): string {
  try {
    const { gitVersion } = JSON.parse(body) as { gitVersion?: unknown };
    return typeof gitVersion === "string" ? gitVersion : "";
  } catch {
    return "";
  }
}
