import type { KubeEvent, Pod } from "./objects.ts";
import { obstaclesOf, type Obstacle } from "./reasons.ts";

/** What there is in an instance's namespace. */
export interface Observation {
  readonly pods: readonly Pod[];
  readonly events: readonly KubeEvent[];
}

interface Since extends Obstacle {
  readonly at: number;
}

/**
 * Remembers since when each obstacle of an instance goes on. Pods that were there before the update
 * count only while there is no other: the old pod of a broken instance mustn't end the update that
 * mends it.
 */
export class Rollout {
  readonly #instance: string;
  readonly #before: ReadonlySet<string>;
  #obstacles: readonly Since[] = [];

  constructor(instance: string, before: Observation) {
    this.#instance = instance;
    this.#before = new Set([
      ...before.pods.map(({ metadata }) => metadata.uid),
      ...before.events.map(eventKey),
    ]);
  }

  /** Takes what is there at a time, in seconds. */
  observe({ pods, events }: Observation, now: number): void {
    const fresh = pods.filter(({ metadata }) => !this.#before.has(metadata.uid));
    const recent = events.filter((event) => isOfPod(event) || !this.#before.has(eventKey(event)));
    const found = obstaclesOf(fresh.length > 0 ? fresh : pods, recent);
    this.#obstacles = found.map((obstacle) => {
      const known = this.#obstacles.find((other) => keyOf(other) === keyOf(obstacle));
      const graceSeconds =
        fresh.length > 0 || !obstacle.object.startsWith("pod ")
          ? obstacle.graceSeconds
          : obstacle.graceSeconds + 60;
      return { ...obstacle, graceSeconds, at: known?.at ?? now };
    });
  }

  /** Lines about what lasts longer than its grace, or (`all`) about everything. */
  lines(now: number, all = false): string[] {
    return this.#obstacles
      .filter(({ at, graceSeconds }) => all || now - at >= graceSeconds)
      .map(({ object, container, reason, message, at }) => {
        const where = container === undefined ? object : `${object}, container ${container}`;
        return `${this.#instance}: ${where}: ${reason}${message === "" ? "" : `: ${message}`} (for ${Math.round(now - at)} s)`;
      });
  }
}

const isOfPod = ({ involvedObject }: KubeEvent): boolean => involvedObject.kind === "Pod";

// An event that happens again is the same object with a higher count.
const eventKey = ({ metadata, count = 0, lastTimestamp }: KubeEvent): string =>
  `${metadata.uid} ${count} ${lastTimestamp ?? ""}`;

// Texts of messages differ from one try to the next (times, back-off), the reason doesn't.
const keyOf = ({ object, container = "", reason }: Obstacle): string =>
  [object, container, reason].join("\0");
