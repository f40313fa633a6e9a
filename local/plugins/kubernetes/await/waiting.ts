// Waiting for the cluster: look, sleep until something moves, look again, until the deadline or a
// cancel.
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceLog } from "../../shared/provider.ts";
import type { Properties } from "../../shared/values.ts";
import { isNotFound, isTransient } from "../apiError.ts";
import type { Client, Query } from "../client.ts";
import type { Kind } from "../kinds.ts";

export interface Waiting {
  client: Client;
  log: ResourceLog;
  /** Ends with a cancel or with the custom timeout of the operation. */
  signal: AbortSignal;
}

export interface Watched {
  kind: Kind;
  namespace: string;
  query: Query;
}

export type Readiness =
  | { state: "ready" }
  /** `progress` is shown while waiting. */
  | { state: "waiting"; progress: string }
  /** Nothing will change for the better. */
  | { state: "failed"; reason: string };

/** How one kind becomes ready. */
export interface Awaiter {
  /** Seconds. */
  timeout: number;
  watched(object: Properties): Watched[];
  probe(waiting: Waiting, object: Properties): Promise<Readiness>;
  /** What the objects behind it (pods) say about it; asked for only when it isn't ready. */
  reasons?(waiting: Waiting, object: Properties): Promise<string[]>;
}

/** The object exists but isn't ready. */
export class NotReady extends Error {
  readonly reasons: string[];
  constructor(message: string, reasons: string[]) {
    super([message, ...reasons].join("\n"));
    this.reasons = [message, ...reasons];
  }
}

// A watch only wakes: a lost event (one from before the watch was open, most of all) costs a pause
// and nothing else.
const firstPauseMs = 100;
const longestPauseMs = 2000;
const reasonsMs = 10_000;

export function isTimeout(signal: AbortSignal): boolean {
  return (
    signal.aborted && signal.reason instanceof DOMException && signal.reason.name === "TimeoutError"
  );
}

/**
 * Calls `look` now, after every event of the watches, and after pauses of up to 2 s, until it gives
 * a value; undefined when `signal` ends first.
 */
export async function untilSome<T>(
  client: Client,
  watched: Watched[],
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const done = new AbortController();
  const both = AbortSignal.any([done.signal, signal]);
  let moved = true;
  let pauseMs = firstPauseMs;
  let wake = (): void => undefined;
  const onEvent = (): void => {
    moved = true;
    wake();
  };
  for (const { kind, namespace, query } of watched)
    void follow(client, kind, namespace, query, onEvent, both);
  try {
    while (!signal.aborted) {
      moved = false;
      const result = await look();
      if (result !== undefined) return result;
      if (moved)
        await sleep(20); // events come in bursts
      else await pause(signal, pauseMs, (resolve) => (wake = resolve));
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
    return undefined;
  } finally {
    done.abort();
  }
}

async function pause(
  signal: AbortSignal,
  ms: number,
  register: (resolve: () => void) => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    register(end);
  });
}

async function follow(
  client: Client,
  kind: Kind,
  namespace: string,
  query: Query,
  onEvent: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // Without the right to watch, or while the server restarts, polling alone has to do.
    await client.watch(kind, namespace, query, onEvent, signal).catch(() => undefined);
    await sleep(longestPauseMs, undefined, { signal }).catch(() => undefined);
  }
}

// The object exists by now, so no error may lose it from the state: an API server that is away for
// a while is waited for too.
function readinessOfError(error: unknown): Readiness {
  const reason = error instanceof Error ? error.message : String(error);
  if (isNotFound(error))
    return { state: "failed", reason: `it was deleted while waiting for it (${reason})` };
  return isTransient(error) ? { state: "waiting", progress: reason } : { state: "failed", reason };
}

/** Waits until the object is ready, or throws NotReady with everything known about why it isn't. */
export async function waitUntilReady(
  waiting: Waiting,
  awaiter: Awaiter,
  object: Properties,
  name: string,
  timeoutSeconds: number,
): Promise<void> {
  const deadline = AbortSignal.any([waiting.signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  // The signal that ends the wait must not end the questions about why.
  const asking: Waiting = { ...waiting, signal: AbortSignal.any([]) };
  let shown = "";
  let lastReasons = Date.now();
  let lastProgress = "";
  const outcome = await untilSome(waiting.client, awaiter.watched(object), deadline, async () => {
    const readiness = await awaiter.probe(asking, object).catch(readinessOfError);
    if (readiness.state !== "waiting") return readiness;
    lastProgress = readiness.progress;
    let line = readiness.progress;
    if (awaiter.reasons && Date.now() - lastReasons > reasonsMs) {
      lastReasons = Date.now();
      const reasons = await awaiter.reasons(asking, object);
      if (reasons.length > 0) line += `: ${reasons[0]!.split("\n")[0]}`;
    }
    if (line !== shown) waiting.log.status((shown = line));
    return undefined;
  });
  if (outcome?.state === "ready") return waiting.log.status("");
  // With an API server that is away, the reasons are not worth much waiting: a cancel is meant to
  // end soon.
  const last: Waiting = { ...waiting, signal: AbortSignal.timeout(5000) };
  const reasons = (await awaiter.reasons?.(last, object).catch(() => [])) ?? [];
  if (outcome) throw new NotReady(`${name} failed: ${outcome.reason}`, reasons);
  const cancelled = waiting.signal.aborted && !isTimeout(waiting.signal);
  throw new NotReady(
    cancelled
      ? `the wait for ${name} was cancelled (${lastProgress})`
      : `${name} timed out waiting to be ready after ${timeoutSeconds} s: ${lastProgress}`,
    reasons,
  );
}

/** One look, for a refresh. */
export async function checkReady(
  waiting: Waiting,
  awaiter: Awaiter,
  object: Properties,
  name: string,
): Promise<void> {
  const readiness = await awaiter.probe(waiting, object);
  if (readiness.state === "ready") return;
  const reasons = (await awaiter.reasons?.(waiting, object)) ?? [];
  throw new NotReady(
    `${name} is not ready: ${readiness.state === "failed" ? readiness.reason : readiness.progress}`,
    reasons,
  );
}
