import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readStack } from "../stacks/stackOnDisk.ts";
import { Refusal } from "./exitCode.ts";

/** The variable in which a pipeline's secret store hands over the kubeconfig of a job that has no login by OIDC. */
export const kubeconfigVariable = "KUBECONFIG_CONTENTS";

/** Writes it where the stack's file says that its kubeconfig is; never over another one. */
export async function writeJobKubeconfig(root: string, stack: string, contents: string): Promise<string> {
  const { stack: found, errors } = readStack(root, stack);
  if (found === undefined) throw new Refusal(errors.join("\n"));
  const path = resolve(root, found.environment.platform.kubernetes.kubeconfig);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, contents, { mode: 0o600, flag: "wx" }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw new Refusal(`${path}: ${error.message}`);
    if ((await readFile(path, "utf8")) !== contents)
      throw new Refusal(`${path} is there already, with other contents than ${kubeconfigVariable}; it was left as it is.`);
  });
  return path;
}
