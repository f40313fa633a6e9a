import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Kubeconfigs } from "./fields.ts";

/** The kubeconfigs of this machine. Only contexts' names are read: a kubeconfig holds keys. */
export const kubeconfigsOf = (env: NodeJS.ProcessEnv): Kubeconfigs => ({
  usual:
    env["KUBECONFIG"]?.split(":").find((path) => path !== "") ??
    join(env["HOME"] ?? "/", ".kube", "config"),
  contexts(kubeconfig) {
    if (!existsSync(kubeconfig)) return undefined;
    try {
      const { contexts } = parse(readFileSync(kubeconfig, "utf8")) as {
        contexts?: { name?: unknown }[] | null;
      };
      return (contexts ?? []).flatMap(({ name }) => (typeof name === "string" ? [name] : []));
    } catch {
      // Not readable, or none: its contexts can't be offered; whether it works is the preview's
      // first question.
      return undefined;
    }
  },
});
