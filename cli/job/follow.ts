import type { V1Pod } from "@kubernetes/client-node";
import { ClusterError } from "./cluster.ts";
import type { Patience, OneOffJob } from "./job.ts";
import { containerName } from "./jobManifest.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import { Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";
import { SeenLines } from "./seenLines.ts";
import { startState } from "./start.ts";

/**
 * Waits until the job's container runs, or ran. A start that fails ends as a refusal, and the Job
 * is deleted: nothing of it has begun.
 */
export async function waitForStart(
  job: OneOffJob,
  patience: Patience,
  progress: (text: string) => void,
): Promise<void> {
  const began = Date.now();
  let stuckSince: number | undefined;
  for (;;) {
    const pod = await job.pod();
    const state = startState(pod, await job.events(pod));
    if (state.started || outcomeOf(await job.read(), pod) !== undefined) return;
    const now = Date.now();
    stuckSince = state.stuck ? (stuckSince ?? now) : undefined;
    if (
      (stuckSince !== undefined && now - stuckSince > patience.stuckMs) ||
      now - began > patience.startMs
    ) {
      await job.delete();
      const seconds = Math.round((now - began) / 1000);
      throw new Refusal(
        `The job didn't start within ${seconds} s and was deleted; nothing was changed. It waited for ${state.waitingFor}`,
        ExitCode.Failed,
      );
    }
    progress(`waiting for ${state.waitingFor}`);
    await job.pause();
  }
}

/**
 * The lines of the job's log as they come, each once, whatever happens to the connection; ends with
 * how the job ended.
 */
export async function* follow(job: OneOffJob, patience: Patience): AsyncGenerator<string, Outcome> {
  const seen = new SeenLines();
  let awaySince: number | undefined;
  for (;;) {
    // In this order: a Job that has ended has no pod to come.
    const state = await job.read();
    const pod = await job.pod();
    const endedBefore = outcomeOf(state, pod);
    if (pod === undefined) {
      if (endedBefore !== undefined) return endedBefore;
      await job.pause();
      continue;
    }
    const opened = Date.now();
    try {
      for await (const line of job.log(pod, query(pod, seen.since()))) {
        const text = seen.unseen(line);
        if (text !== undefined) yield text;
      }
      awaySince = undefined;
      // Read to its end after the container had ended: nothing can follow. Otherwise the status
      // lags behind the log, or the log broke off.
      if (endedBefore !== undefined) return endedBefore;
    } catch (error) {
      if (!(error instanceof ClusterError) || [401, 403].includes(error.status)) throw error;
      // A pod that is gone, or that was ended before it began, has no log; how the job ended is
      // still known.
      if ([400, 404].includes(error.status) && endedBefore !== undefined) return endedBefore;
      // A log that was open for a while and then broke off is a new absence.
      if (Date.now() - opened > patience.awayMs / 10) awaySince = undefined;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patience.awayMs) throw error;
    }
    await job.pause();
  }
}

const query = (pod: V1Pod, sinceTime: string | undefined): Record<string, string> => ({
  container: containerName,
  follow: String(!isEnded(pod)),
  timestamps: "true",
  ...(sinceTime === undefined ? {} : { sinceTime }),
});

const isEnded = (pod: V1Pod): boolean =>
  pod.status?.containerStatuses?.find(({ name }) => name === containerName)?.state?.terminated !==
  undefined;
