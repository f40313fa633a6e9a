import { clientVariables, exportLines } from "../client/environment.ts";
import { reachable } from "../client/reachable.ts";
import { requireNames } from "../laptop/hosts.ts";
import { loadImageIntoKind } from "../laptop/image.ts";
import { kubectlOf } from "../laptop/kubectl.ts";
import { serviceFiles } from "../laptop/names.ts";
import { applyServices, serviceCidrs } from "../laptop/services.ts";
import { laptopValues } from "../laptop/values.ts";
import { certificatePath } from "../platform/certificates.ts";
import type { Report } from "../report.ts";
import { deploy } from "../stack/deploy.ts";
import { contextFolder, kubeconfigFile } from "../stack/existingCluster.ts";
import { instanceNames } from "../stack/instanceNames.ts";
import { readOutputs, writingToken } from "../stack/outputs.ts";
import type { Project } from "../stack/project.ts";
import { openPulumi } from "../stack/pulumi.ts";
import { preparePulumi } from "../toolchain/index.ts";

export interface Laptop {
  /** Context of a cluster on this machine. */
  readonly context: string;
  readonly image?: string | undefined;
}

/** The local instances in a cluster of the user's, with services of their own in it. */
export async function upWithServices(
  { context, image }: Laptop,
  project: Project,
  report: Report,
): Promise<void> {
  const kubectl = kubectlOf(context);
  if (image === undefined && !context.startsWith("kind-"))
    throw new Error(
      `--image is missing: only into a cluster of kind is the image built and loaded, and ${context} is not the context of one. Build images/tracking-server, give it to the cluster, and name it with its digest.`,
    );
  await requireNames(project);
  const files = serviceFiles(context);
  const [tools, reference] = await Promise.all([
    preparePulumi(report),
    image ?? loadImageIntoKind(context, report),
    applyServices(kubectl, files, report),
  ]);
  const values = await laptopValues(
    {
      kubeconfig: kubeconfigFile(),
      context,
      image: reference,
      cidrs: await serviceCidrs(kubectl),
    },
    files,
    await instanceNames(project),
  );
  const pulumi = await openPulumi(tools, project, contextFolder(context));
  await deploy(pulumi, values, report);
  const instances = await readOutputs(pulumi);
  const serving = instances.filter(({ deletion }) => deletion === undefined);
  const caPath = certificatePath(files.pki, "ca");
  await Promise.all(serving.map(({ trackingUri }) => reachable(trackingUri, caPath)));
  for (const { name, trackingUri } of instances) report.info(`${name}  ${trackingUri}`);
  const [first] = serving.flatMap((instance) => {
    const token = writingToken(instance);
    return token === undefined ? [] : [{ trackingUri: instance.trackingUri, token: token.value }];
  });
  if (first !== undefined)
    report.info(
      `A client of the first one needs:\n\n${exportLines(clientVariables({ ...first, caPath }))}`,
    );
}
