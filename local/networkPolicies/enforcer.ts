import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Attachment, ControllerStatus } from "./door.ts";
import { dnsPod, type Namespace, type NetworkPolicy, type Pod } from "./objects.ts";
import { render } from "./render.ts";
import { compileRules, type CompiledRules } from "./rules.ts";
import { applyRules, tableExists } from "./table.ts";
import { watchAll, type Watched } from "./watched.ts";

/** Changes come in bursts (a namespace with its policies and pods): one table for each burst. */
const debounceMs = 50;

/** Keeps the kernel's table equal to what the cluster's objects say. */
export class Enforcer {
  readonly #podCidr: string;
  readonly #nodePods: readonly Pod[];
  readonly #log: (line: string) => void;
  /**
   * By `namespace/name`: the API server learns a pod's address a second or two after the pod has
   * begun to talk.
   */
  readonly #attached = new Map<string, string>();
  #cluster:
    | { policies: Watched<NetworkPolicy>; namespaces: Watched<Namespace>; pods: Watched<Pod> }
    | undefined;
  #applied: { rules: CompiledRules; text: string; at: Date } | undefined;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(network: { podCidr: string; dnsIp: string }, log: (line: string) => void) {
    this.#podCidr = network.podCidr;
    this.#nodePods = [dnsPod(network.dnsIp)];
    this.#log = log;
  }

  async start(config: KubeConfig): Promise<void> {
    // Until the cluster's objects are known an earlier table is the best there is; without one
    // no address is known.
    if (!(await tableExists()))
      await applyRules(render({ podCidr: this.#podCidr, known: [], groups: [] }));
    const changed = (): void => this.#schedule(debounceMs);
    const [policies, namespaces, pods] = await Promise.all([
      watchAll<NetworkPolicy>(config, "/apis/networking.k8s.io/v1/networkpolicies", changed),
      watchAll<Namespace>(config, "/api/v1/namespaces", changed),
      watchAll<Pod>(config, "/api/v1/pods", changed),
    ]);
    this.#cluster = { policies, namespaces, pods };
    await this.sync({ always: true }).catch(() => undefined);
  }

  /**
   * Returns when the kernel has the rules of this pod; until then the network plugin does not let
   * it start.
   */
  async attach({ namespace, name, address }: Attachment, signal: AbortSignal): Promise<void> {
    // An address is given out again only when its former owner has lost it.
    for (const [key, owned] of this.#attached) if (owned === address) this.#attached.delete(key);
    while (
      this.#cluster?.pods.get(namespace, name) === undefined ||
      this.#cluster.namespaces.get("", namespace) === undefined
    ) {
      if (signal.aborted)
        throw new Error(
          `pod ${namespace}/${name} is not known from the API server${this.#trouble()}`,
        );
      await sleep(10);
    }
    this.#attached.set(`${namespace}/${name}`, address);
    await this.sync({ always: false });
  }

  /** One table after the other, each from what is known when its turn comes. */
  sync(options: { always: boolean }): Promise<void> {
    this.#working = this.#working.catch(() => undefined).then(() => this.#apply(options.always));
    return this.#working;
  }

  status(): ControllerStatus {
    const problem = this.#problem ?? this.#watchProblem();
    const rules = this.#applied?.rules;
    return {
      ready: this.#applied !== undefined && this.#problem === undefined,
      policies: this.#cluster?.policies.list().length ?? 0,
      pods: rules?.known.length ?? 0,
      isolatedPods: new Set(rules?.groups.flatMap(({ addresses }) => addresses)).size,
      rules: rules?.groups.reduce((sum, { allowed }) => sum + allowed.length + 1, 0) ?? 0,
      ...(this.#applied === undefined ? {} : { lastSync: this.#applied.at.toISOString() }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #watchProblem(): string | undefined {
    if (this.#cluster === undefined) return "waits for the API server";
    const { policies, namespaces, pods } = this.#cluster;
    return policies.problem() ?? namespaces.problem() ?? pods.problem();
  }

  #trouble(): string {
    const problem = this.#watchProblem();
    return problem === undefined ? "" : ` (${problem})`;
  }

  #schedule(delay: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sync({ always: false }).catch(() => this.#schedule(1000));
    }, delay);
  }

  async #apply(always: boolean): Promise<void> {
    if (this.#cluster === undefined) return;
    const { policies, namespaces, pods } = this.#cluster;
    for (const key of this.#attached.keys()) {
      const [namespace = "", name = ""] = key.split("/");
      if (pods.get(namespace, name) === undefined) this.#attached.delete(key);
    }
    try {
      const rules = compileRules(policies.list(), namespaces.list(), pods.list(), {
        podCidr: this.#podCidr,
        addresses: this.#attached,
        nodePods: this.#nodePods,
      });
      const text = render(rules);
      const changed = text !== this.#applied?.text;
      if (changed || always) await applyRules(text);
      this.#applied = { rules, text, at: changed || always ? new Date() : this.#applied!.at };
      this.#problem = undefined;
      if (changed)
        this.#log(
          `table of ${rules.groups.length} isolated groups, ${rules.known.length} pods, ${policies.list().length} policies`,
        );
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#log(`the table could not be written: ${this.#problem}`);
      throw error;
    }
  }
}
