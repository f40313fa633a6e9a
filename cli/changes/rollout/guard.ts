import { setTimeout as sleep } from "node:timers/promises";
import { Rollout, type Observation } from "./watch.ts";

/**
 * Reads what is there in the namespaces of instances; undefined where the cluster doesn't tell now.
 */
export type Look = (instance: string) => Promise<Observation | undefined>;

export interface GuardOptions {
  readonly instances: readonly string[];
  readonly look: Look;
  /** Seconds between two looks. Default: 5. */
  readonly everySeconds?: number;
  /** Seconds of a clock that only goes forward. */
  readonly clock?: () => number;
}

export interface Guarded<T> {
  readonly result: T;
  /** Why the work was ended; empty where it came to its own end. */
  readonly ended: readonly string[];
  /** The obstacles of pods that did not run at the end. */
  readonly obstacles: readonly string[];
}

/**
 * Does work that makes pods, and ends it (`signal`) once something keeps one of them from running
 * for longer than its grace: the engine itself waits ten minutes and more, and has no reason to
 * tell.
 */
export async function guarded<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: GuardOptions,
): Promise<Guarded<T>> {
  const { instances, look, everySeconds = 5, clock = () => performance.now() / 1000 } = options;
  const end = new AbortController();
  const done = new AbortController();
  const rollouts = new Map<string, Rollout>();
  const lookOnce = async (): Promise<void> => {
    await Promise.all(
      instances.map(async (instance) => {
        const seen = await look(instance).catch(() => undefined);
        if (seen === undefined) return;
        const rollout = rollouts.get(instance);
        if (rollout === undefined) rollouts.set(instance, new Rollout(instance, seen));
        else rollout.observe(seen, clock());
      }),
    );
  };
  const lines = (all: boolean): string[] =>
    [...rollouts.values()].flatMap((rollout) => rollout.lines(clock(), all));
  let ended: string[] = [];
  await lookOnce();
  const watching = (async () => {
    while (!done.signal.aborted) {
      await sleep(everySeconds * 1000, undefined, { signal: done.signal }).catch(() => undefined);
      if (done.signal.aborted) return;
      await lookOnce();
      ended = lines(false);
      if (ended.length === 0) continue;
      end.abort();
      return;
    }
  })();
  try {
    const result = await work(end.signal);
    done.abort();
    await watching;
    return { result, ended, obstacles: lines(true) };
  } finally {
    done.abort();
  }
}
