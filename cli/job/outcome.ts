import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { containerName } from "./jobManifest.ts";
import { ExitCode } from "../exitCode.ts";

/** How a Job ended: its command's own end, or why there is none. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** Set when it wasn't the command itself that said how it ended. */
  readonly because?: string;
}

/** The exit codes of the commands in the server's image (maintenance/exit_codes there). */
const codesOfTheImage: ReadonlyMap<number, ExitCode> = new Map([
  [0, ExitCode.Done],
  [1, ExitCode.Failed],
  [2, ExitCode.Wrong],
  [3, ExitCode.Left],
  [4, ExitCode.Locked],
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
    const own = codesOfTheImage.get(ended.exitCode);
    if (own !== undefined) return { exitCode: own };
    const why =
      ended.reason === "OOMKilled"
        ? "it needed more memory than its limit"
        : `it ended with exit code ${ended.exitCode}${ended.message ? `: ${ended.message.trim()}` : ""}`;
    return { exitCode: ExitCode.Failed, because: why };
  }
  if (pod?.status?.phase === "Failed" && !replaced) {
    const { reason, message } = pod.status;
    return {
      exitCode: ExitCode.Failed,
      because: `its pod was ended (${reason ?? "no reason given"}${message ? `: ${message}` : ""})`,
    };
  }
  if (job === undefined) return { exitCode: ExitCode.Failed, because: "the job was deleted" };
  const failed = job.status?.conditions?.find(
    ({ type, status }) => type === "Failed" && status === "True",
  );
  if (failed?.reason === "DeadlineExceeded") {
    return {
      exitCode: ExitCode.Failed,
      because: `it took longer than its limit of ${job.spec?.activeDeadlineSeconds} s`,
    };
  }
  if (failed !== undefined) {
    const words = failed.message ?? failed.reason ?? "no reason given";
    return { exitCode: ExitCode.Failed, because: `the cluster ended it: ${words}` };
  }
  return undefined;
}
