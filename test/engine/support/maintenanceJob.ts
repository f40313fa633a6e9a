import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api, CoreV1Api, KubeConfig, type V1Job, type V1Pod } from "@kubernetes/client-node";
import type { Deployed } from "../../../local/commands/up.ts";

/** One line of a maintenance command's output. */
export type Line = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Finished {
  readonly exitCode: number;
  readonly lines: readonly Line[];
  /** The last line. */
  readonly summary: Line;
  /** All that the command wrote, its log included. */
  readonly output: string;
}

/** More than the schedule gives: arguments of the command, variables in place of the instance's. */
export interface JobOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const container = "maintenance";

/**
 * Jobs that are made from an instance's CronJob, as the schedule makes them; only that nothing
 * starts a killed one again but the test.
 */
export class MaintenanceJobs {
  readonly #batch: BatchV1Api;
  readonly #core: CoreV1Api;
  readonly #namespace: string;
  readonly #cronJob: string;

  constructor({ platform }: Pick<Deployed, "platform">, namespace: string, cronJob: string) {
    const config = new KubeConfig();
    config.loadFromFile(platform.kubeconfigPath);
    this.#batch = config.makeApiClient(BatchV1Api);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#namespace = namespace;
    this.#cronJob = cronJob;
  }

  async start({ args = [], environment = {} }: JobOptions = {}): Promise<string> {
    const { spec } = await this.#batch.readNamespacedCronJob({
      namespace: this.#namespace,
      name: this.#cronJob,
    });
    const template = spec?.jobTemplate;
    const inside = template?.spec?.template.spec?.containers.find(({ name }) => name === container);
    if (template?.spec === undefined || inside === undefined)
      throw new Error(`the CronJob ${this.#cronJob} has no container ${container}`);
    inside.command = [...(inside.command ?? []), ...args];
    const changed = Object.keys(environment);
    inside.env = [
      ...(inside.env ?? []).filter(({ name }) => !changed.includes(name)),
      ...Object.entries(environment).map(([name, value]) => ({ name, value })),
    ];
    template.spec.backoffLimit = 0;
    const body: V1Job = {
      ...template,
      metadata: { ...template.metadata, generateName: `${this.#cronJob}-test-` },
    };
    const job = await this.#batch.createNamespacedJob({ namespace: this.#namespace, body });
    return job.metadata?.name ?? "";
  }

  /** Waits for the end of a Job's only pod and removes the Job. */
  async end(job: string): Promise<Finished> {
    for (;;) {
      const pod = await this.#pod(job);
      const state = pod?.status?.containerStatuses?.find(({ name }) => name === container)?.state
        ?.terminated;
      if (pod !== undefined && state !== undefined) {
        const output = await this.#core.readNamespacedPodLog({
          namespace: this.#namespace,
          name: pod.metadata?.name ?? "",
          container,
        });
        await this.#batch.deleteNamespacedJob({
          namespace: this.#namespace,
          name: job,
          propagationPolicy: "Background",
        });
        const lines = (output ?? "")
          .split("\n")
          .flatMap((line) => (line.startsWith('{"event"') ? [JSON.parse(line) as Line] : []));
        return {
          exitCode: state.exitCode,
          lines,
          output: output ?? "",
          summary: lines.at(-1) ?? { event: "none" },
        };
      }
      await sleep(100);
    }
  }

  async run(options?: JobOptions): Promise<Finished> {
    return this.end(await this.start(options));
  }

  /** The command's process on this machine, as soon as it is there. */
  async process(job: string): Promise<number> {
    const end = Date.now() + 60_000;
    let uid: string | undefined;
    while (Date.now() < end) {
      uid ??= (await this.#pod(job))?.metadata?.uid;
      const pid = uid === undefined ? undefined : findProcess(uid);
      if (pid !== undefined) return pid;
      await sleep(2);
    }
    throw new Error(`${job} has no process`);
  }

  async #pod(job: string): Promise<V1Pod | undefined> {
    const { items } = await this.#core.listNamespacedPod({
      namespace: this.#namespace,
      labelSelector: `batch.kubernetes.io/job-name=${job}`,
    });
    return items[0];
  }
}

/**
 * The control group says which pod a process belongs to; the command's name sets it apart from the
 * pod's pause process.
 */
function findProcess(podUid: string): number | undefined {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (
        readFileSync(`/proc/${name}/cgroup`, "utf8").includes(`pod${podUid}`) &&
        readFileSync(`/proc/${name}/cmdline`, "utf8").includes("mlflow-instance-")
      )
        return Number(name);
    } catch {
      // It ended in the meantime.
    }
  }
  return undefined;
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
