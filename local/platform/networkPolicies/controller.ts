import { execFile } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Identity } from "../https.ts";
import type { ClusterState, Namespace, NetworkPolicy, Pod } from "./model.ts";
import { renderRules } from "./rules.ts";
import { watchAll } from "./watch.ts";

/**
 * Enforces the cluster's NetworkPolicies with nftables, in the network namespace that it runs in. No implementation of the field can be
 * built from the package registries; this one knows the one node that the platform has.
 */
export interface ControllerConfiguration {
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly dnsIp: string;
  /** Where it says what it did last. */
  readonly statusPath: string;
}

export interface ControllerStatus {
  readonly policies: number;
  readonly isolatedPods: number;
  /** Why the rules are not those of the cluster's present state; empty when they are. */
  readonly trouble: string;
}

function applyRules(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile("nft", ["-f", "-"], { timeout: 10_000 }, (error, _out, stderr) =>
      error === null ? resolve() : reject(new Error(`nft: ${stderr.trim() || error.message}`)),
    );
    child.stdin?.end(text);
  });
}

async function run(configuration: ControllerConfiguration): Promise<never> {
  const [ca, cert, key] = await Promise.all([configuration.ca, configuration.certificate, configuration.key].map((path) => readFile(path, "utf8")));
  const identity: Identity = { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
  const state: { pods?: readonly Pod[]; namespaces?: readonly Namespace[]; policies?: readonly NetworkPolicy[] } = {};
  let wanted = 0;
  let trouble = "";
  const signal = new AbortController().signal;
  const watch = <T extends Pod | Namespace | NetworkPolicy>(path: string, keep: (objects: readonly T[]) => void): void => {
    void watchAll<T & { metadata: { uid?: string; resourceVersion?: string } }>(
      { url: `${configuration.server}${path}`, identity, signal },
      (objects) => {
        keep(objects);
        wanted += 1;
      },
      (reason) => {
        trouble = reason;
        console.error(`${new Date().toISOString()} ${path}: ${reason}`);
      },
    );
  };
  watch<Pod>("/api/v1/pods", (objects) => (state.pods = objects));
  watch<Namespace>("/api/v1/namespaces", (objects) => (state.namespaces = objects));
  watch<NetworkPolicy>("/apis/networking.k8s.io/v1/networkpolicies", (objects) => (state.policies = objects));

  let applied = "";
  let done = 0;
  for (;;) {
    const { pods, namespaces, policies } = state;
    // Rules of half a state would cut what a policy allows, or open what one closes.
    if (wanted === done || pods === undefined || namespaces === undefined || policies === undefined) {
      await sleep(20);
      continue;
    }
    done = wanted;
    const current: ClusterState = { pods, namespaces, policies };
    const { text, isolatedPods } = renderRules(current, configuration.dnsIp);
    try {
      if (text !== applied) await applyRules(text);
      applied = text;
      trouble = "";
    } catch (error) {
      trouble = (error as Error).message;
      console.error(`${new Date().toISOString()} ${trouble}`);
    }
    const status: ControllerStatus = { policies: policies.length, isolatedPods, trouble };
    await writeFile(`${configuration.statusPath}.draft`, JSON.stringify(status));
    await rename(`${configuration.statusPath}.draft`, configuration.statusPath);
    if (trouble === "") continue;
    await sleep(1_000);
    done -= 1; // once more
  }
}

const configurationPath = process.argv[2];
if (configurationPath === undefined) throw new Error("Say where the configuration is.");
await run(JSON.parse(await readFile(configurationPath, "utf8")) as ControllerConfiguration);
