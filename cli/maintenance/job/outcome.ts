import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { containerName } from "./jobManifest.ts";
import { ExitCode } from "./exitCode.ts";

/** How a Job ended: the container's exit code, or why there is none. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** Set when it wasn't the command itself that said how it ended. */
  readonly because?: string;
}

const own = new Set<number>([
  ExitCode.Done,
  ExitCode.CouldNotWork,
  ExitCode.Wrong,
  ExitCode.Left,
  ExitCode.Locked,
]);

/** Undefined as long as it runs. */
export function outcomeOf(job: V1Job | undefined, pod: V1Pod | undefined): Outcome | undefined {
  // A drained node's pod is replaced, if the Job's policy says so: then its end isn't the Job's.
  const replaced =
    pod?.status?.conditions?.some(
      ({ type, status }) => type === "DisruptionTarget" && status === "True",
    ) === true;
  const ended = pod?.status?.containerStatuses?.find(({ name }) => name === containerName)?.state
    ?.terminated;
  if (ended !== undefined && !replaced) {
    if (own.has(ended.exitCode)) return { exitCode: ended.exitCode as ExitCode };
    const why =
      ended.reason === "OOMKilled"
        ? "it needed more memory than its limit"
        : `it ended with exit code ${ended.exitCode}${ended.message ? `: ${ended.message.trim()}` : ""}`;
    return { exitCode: ExitCode.CouldNotWork, because: why };
  }
  if (pod?.status?.phase === "Failed" && !replaced) {
    const { reason, message } = pod.status;
    return {
      exitCode: ExitCode.CouldNotWork,
      because: `its pod was ended (${reason ?? "no reason given"}${message ? `: ${message}` : ""})`,
    };
  }
  if (job === undefined)
    return { exitCode: ExitCode.CouldNotWork, because: "somebody deleted the job" };
  const failed = job.status?.conditions?.find(
    ({ type, status }) => type === "Failed" && status === "True",
  );
  if (failed?.reason === "DeadlineExceeded") {
    return {
      exitCode: ExitCode.CouldNotWork,
      because: `it took longer than its limit of ${job.spec?.activeDeadlineSeconds} s`,
    };
  }
  if (failed !== undefined) {
    const words = failed.message ?? failed.reason ?? "no reason given";
    return { exitCode: ExitCode.CouldNotWork, because: `the cluster ended it: ${words}` };
  }
  return undefined;
}
