import { homedir } from "node:os";
import { join } from "node:path";

/** The file that kubectl uses, too. */
export const kubeconfigFile = (): string =>
  process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config");

/** Folder of a cluster that exists, by its context: Pulumi's state, and services' secrets. */
export const contextFolder = (context: string): string =>
  join(
    process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"),
    "mlflow-instances",
    context.replaceAll(/[^\w.-]/g, "_"),
  );
