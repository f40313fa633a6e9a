import { setTimeout as sleep } from "node:timers/promises";
import type { InstanceState } from "./instanceState.ts";
import { isRunning, type MaintenanceJobs } from "./maintenanceJob.ts";

/**
 * Waits so long as the process runs, but no longer than that many milliseconds; whether it still
 * runs.
 */
export async function stillRunsAfter(pid: number, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end && isRunning(pid))
    await sleep(Math.min(5, Math.max(0, end - performance.now())));
  return isRunning(pid);
}

/** Whether there was a process to get the signal: it may have ended since it was looked at. */
function signalIfThere(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** The moments at which a retention job can be interrupted. */
export class Interruptions {
  readonly #state: InstanceState;
  readonly #jobs: MaintenanceJobs;

  constructor(state: InstanceState, jobs: MaintenanceJobs) {
    this.#state = state;
    this.#jobs = jobs;
  }

  /** Starts the job on the saved state. */
  async start(): Promise<{ job: string; pid: number }> {
    await this.#state.restore();
    const job = await this.#jobs.start();
    return { job, pid: await this.#jobs.process(job) };
  }

  /** Waits until the job has written what it will remove: from then on it removes. */
  async planned(pid: number): Promise<void> {
    while (isRunning(pid) && !this.#state.hasPlan("retention")) await sleep(1);
  }

  /**
   * Starts the job and stops it (SIGSTOP) while it removes; one that was through before it could be
   * stopped is started again.
   */
  async startAndStop(): Promise<{ job: string; pid: number }> {
    for (;;) {
      const { job, pid } = await this.start();
      await this.planned(pid);
      if (isRunning(pid) && signalIfThere(pid, "SIGSTOP")) return { job, pid };
      await this.#jobs.end(job);
    }
  }

  /**
   * How long the job's process lives undisturbed, and how long of that it removes; milliseconds.
   */
  async measure(): Promise<{ life: number; removal: number }> {
    const { job, pid } = await this.start();
    const started = performance.now();
    await this.planned(pid);
    const plan = performance.now();
    await stillRunsAfter(pid, 60_000);
    const end = performance.now();
    await this.#jobs.end(job);
    return { life: end - started, removal: end - plan };
  }

  /**
   * Kills the job on the saved state, so many milliseconds after its start or its plan, unless it
   * has ended by then.
   */
  async kill(since: "start" | "plan", milliseconds: number): Promise<{ job: string }> {
    const { job, pid } = await this.start();
    if (since === "plan") await this.planned(pid);
    if (await stillRunsAfter(pid, milliseconds)) signalIfThere(pid, "SIGKILL");
    await stillRunsAfter(pid, 10_000);
    return { job };
  }
}
