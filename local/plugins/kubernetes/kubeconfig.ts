// Finds and reads a kubeconfig. No message quotes its content: it holds keys.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../shared/provider.ts";
import type { Settings } from "./config.ts";

export interface Cluster {
  config: KubeConfig;
  /** URL of the API server. */
  server: string;
  /** Namespace of objects that name none. */
  namespace: string;
}

async function load(kubeconfig: string): Promise<KubeConfig> {
  // Half a second of CPU, for its generated classes; the engine also starts plugins that it never
  // configures.
  const library = await import("@kubernetes/client-node/dist/config.js");
  const config = new library.KubeConfig();
  if (kubeconfig === "") {
    config.loadFromDefault();
    return config;
  }
  const path = kubeconfig.startsWith("~/") ? join(homedir(), kubeconfig.slice(2)) : kubeconfig;
  const isContent = /\n|^\s*\{/.test(kubeconfig) || kubeconfig.includes("clusters:");
  if (!isContent && !existsSync(path))
    throw new UserError(`kubeconfig file ${path} does not exist`);
  try {
    if (isContent) config.loadFromString(kubeconfig);
    else config.loadFromFile(path);
  } catch (error) {
    // A YAML error quotes the lines around it, which may be a key.
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new UserError(
      `failed to parse the kubeconfig${isContent ? "" : ` file ${path}`}: ${reason}`,
    );
  }
  return config;
}

function choose(kind: string, wanted: string, known: { name: string }[]): void {
  if (known.some(({ name }) => name === wanted)) return;
  const names = known.map(({ name }) => name).join(", ");
  throw new UserError(
    `${kind} "${wanted}" does not exist in the kubeconfig (it has: ${names === "" ? "none" : names})`,
  );
}

export async function loadCluster(
  settings: Pick<Settings, "kubeconfig" | "context" | "cluster" | "namespace">,
): Promise<Cluster> {
  const config = await load(settings.kubeconfig);
  if (settings.context !== "") config.setCurrentContext(settings.context);
  choose("context", config.currentContext, config.contexts);
  const context = config.getContextObject(config.currentContext)!;
  if (settings.cluster !== "") {
    // The override holds for this provider only; the parsed configuration is ours alone.
    config.contexts = config.contexts.map((c) =>
      c === context ? { ...c, cluster: settings.cluster } : c,
    );
  }
  choose("cluster", settings.cluster === "" ? context.cluster : settings.cluster, config.clusters);
  const { server } = config.getCurrentCluster()!;
  return {
    config,
    server,
    namespace: settings.namespace === "" ? (context.namespace ?? "default") : settings.namespace,
  };
}
