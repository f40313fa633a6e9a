import type { V1CronJob, V1Job } from "@kubernetes/client-node";

/** Container of the CronJobs' pods that does the work. */
export const containerName = "maintenance";

// Only this removes a finished one-off Job; the lasting report is in the bucket.
const keptSeconds = 24 * 3600;

export interface OneOff {
  /** Name of the command that the user typed. */
  readonly command: string;
  /** Command line in the container. */
  readonly commandLine: readonly string[];
  readonly requestedBy: string;
  readonly time: Date;
  /** A few random letters and digits: two people may ask in the same second. */
  readonly suffix: string;
}

/**
 * A Job that runs another command line in a CronJob's template: the same image, login, limits and
 * network policy.
 */
export function oneOffJob(
  cronJob: V1CronJob,
  { command, commandLine, requestedBy, time, suffix }: OneOff,
): V1Job {
  const { metadata, spec: cronSpec } = cronJob;
  const { metadata: labelled = {}, spec } = cronSpec.jobTemplate;
  const podSpec = spec!.template.spec!;
  if (!podSpec.containers.some(({ name }) => name === containerName)) {
    throw new Error(`CronJob ${metadata?.name} has no container ${containerName}`);
  }
  const containers = podSpec.containers.map((container) => {
    if (container.name !== containerName) return container;
    const { args: _args, ...rest } = container;
    return { ...rest, command: commandLine.map(literal) };
  });
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${command}-${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase()}-${suffix}`,
      namespace: metadata!.namespace!,
      labels: { ...labelled.labels },
      annotations: {
        ...labelled.annotations,
        "cronjob.kubernetes.io/instantiate": "manual",
        "mlflow-instances/command": commandLine.join(" "),
        "mlflow-instances/requested-by": requestedBy,
      },
      // Goes with its CronJob, but isn't controlled by it: as a child it would hold up the next
      // scheduled run and take its place in the history.
      ownerReferences: [
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          name: metadata!.name!,
          uid: metadata!.uid!,
          controller: false,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      ...spec!,
      // A user is watching, who sees a failure and can try again.
      backoffLimit: 0,
      ttlSecondsAfterFinished: spec!.ttlSecondsAfterFinished ?? keptSeconds,
      template: { ...spec!.template, spec: { ...podSpec, containers } },
    },
  };
}

// Kubernetes puts variables of the container, secrets among them, in place of $(NAME); nothing that
// a user types is meant so.
const literal = (argument: string): string => argument.replaceAll("$", "$$$$");
