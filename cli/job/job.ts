import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Event, V1CronJob, V1Job, V1Pod } from "@kubernetes/client-node";
import { ClusterError, type Cluster } from "./cluster.ts";
import { Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";

interface List<T> {
  readonly items: readonly T[];
}

/** Limits of patience; a test has less of it. */
export interface Patience {
  readonly pollMs: number;
  /** How long a start may be stuck at what hardly mends itself: an image, a quota, a refusal. */
  readonly stuckMs: number;
  /** How long a start may take at all: a large image, a cluster that first adds a node. */
  readonly startMs: number;
  /** How long the cluster may be away while a job runs. */
  readonly awayMs: number;
}

export const patience: Patience = {
  pollMs: 1_000,
  stuckMs: 30_000,
  startMs: 300_000,
  awayMs: 120_000,
};

const batch = (namespace: string) => `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}`;
const core = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}`;

/** The CronJob, or undefined when there is none. */
export const readCronJob = (
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<V1CronJob | undefined> =>
  orNothing(cluster.json<V1CronJob>(`${batch(namespace)}/cronjobs/${name}`, { limit: "first" }));

/**
 * One Job in the cluster. Reads go on past a short absence of the API server; the job does, too.
 */
export class OneOffJob {
  readonly #cluster: Cluster;
  readonly namespace: string;
  readonly name: string;
  readonly #manifest: V1Job;
  readonly #patience: Patience;
  readonly #signal: AbortSignal;

  constructor(cluster: Cluster, job: V1Job, patience: Patience, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#manifest = job;
    this.namespace = job.metadata!.namespace!;
    this.name = job.metadata!.name!;
    this.#patience = patience;
    this.#signal = signal;
  }

  /**
   * Makes it. Without an answer it may have been made all the same, unwatched: it is taken back.
   */
  async create(): Promise<void> {
    try {
      await this.#cluster.json(`${batch(this.namespace)}/jobs`, {
        method: "POST",
        body: this.#manifest,
        limit: "create",
      });
    } catch (error) {
      if (!(error instanceof ClusterError) || !isPassing(error)) throw error;
      const left = await this.delete().then(
        () => "Nothing was changed.",
        () => `It may run all the same: job ${this.name} in namespace ${this.namespace}.`,
      );
      throw new Refusal(`${error.message}. ${left}`, ExitCode.Failed);
    }
  }

  read(): Promise<V1Job | undefined> {
    return this.#patient(() =>
      orNothing(this.#get<V1Job>(`${batch(this.namespace)}/jobs/${this.name}`)),
    );
  }

  /** The newest pod: a drained node's one has a successor. */
  async pod(): Promise<V1Pod | undefined> {
    const query = { labelSelector: `batch.kubernetes.io/job-name=${this.name}` };
    const { items } = await this.#patient(() =>
      this.#get<List<V1Pod>>(`${core(this.namespace)}/pods`, query),
    );
    return items.toSorted((a, b) => createdAt(a) - createdAt(b)).at(-1);
  }

  /**
   * Events of the Job, and of its pod once there is one. Without the right to read events there are
   * none, and the states say enough.
   */
  async events(pod: V1Pod | undefined): Promise<readonly CoreV1Event[]> {
    const name = pod?.metadata?.name ?? this.name;
    const query = { fieldSelector: `involvedObject.name=${name}` };
    try {
      return (
        await this.#patient(() =>
          this.#get<List<CoreV1Event>>(`${core(this.namespace)}/events`, query),
        )
      ).items;
    } catch (error) {
      if (error instanceof ClusterError && error.status === 403) return [];
      throw error;
    }
  }

  log(pod: V1Pod, query: Record<string, string>): AsyncGenerator<string> {
    const path = `${core(this.namespace)}/pods/${pod.metadata!.name}/log`;
    return this.#cluster.lines(path, { query, signal: this.#signal });
  }

  pause(): Promise<void> {
    return sleep(this.#patience.pollMs, undefined, { signal: this.#signal });
  }

  /** Deletes the Job and its pod; used after an interruption, too, so without the signal. */
  async delete(): Promise<void> {
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
    await orNothing(
      this.#cluster.json(`${batch(this.namespace)}/jobs/${this.name}`, { method: "DELETE", body }),
    );
  }

  #get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    return this.#cluster.json<T>(path, { query, signal: this.#signal });
  }

  async #patient<T>(work: () => Promise<T>): Promise<T> {
    const end = Date.now() + this.#patience.awayMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ClusterError) || !isPassing(error) || Date.now() > end) throw error;
        await this.pause();
      }
    }
  }
}

const createdAt = ({ metadata }: V1Pod): number =>
  new Date(metadata?.creationTimestamp ?? 0).getTime();

const isPassing = ({ status }: ClusterError): boolean =>
  status === 0 || status === 429 || status >= 500;

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return undefined;
    throw error;
  }
}
