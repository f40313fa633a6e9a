import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readStack } from "../../program/instance/stackOnDisk.ts";
import { Refusal } from "../refusal.ts";

/** A file that a job gets from a variable of its pipeline's secret store. */
interface JobFile {
  readonly variable: string;
  readonly path: string;
  readonly contents: string;
  /** Of an earlier job on the same machine; any other file is left as it is. */
  readonly replace: boolean;
}

/**
 * Writes what the job was handed in variables to the files that the tools read:
 * `KUBECONFIG_CONTENTS` where the stack's file says that its kubeconfig is, and `CLOUD_ID_TOKEN`
 * (GitLab's id_tokens) where `AWS_WEB_IDENTITY_TOKEN_FILE` says. Gives the paths; never writes over
 * a kubeconfig that says something else.
 */
export async function writeJobFiles(
  root: string,
  stack: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const files = [kubeconfigOf(root, stack, env["KUBECONFIG_CONTENTS"]), tokenOf(env)].filter(
    (file) => file !== undefined,
  );
  for (const { variable, path, contents, replace } of files) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, contents, { mode: 0o600, flag: replace ? "w" : "wx" });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw new Refusal(`${path}: can't be written: ${message}`);
      if ((await readFile(path, "utf8")) === contents) continue;
      throw new Refusal(
        `${path} is there already, with other contents than ${variable}; it was left as it is.`,
      );
    }
  }
  return files.map(({ path }) => path);
}

function kubeconfigOf(
  root: string,
  stack: string,
  contents: string | undefined,
): JobFile | undefined {
  if (!contents) return undefined;
  const { stack: found, errors } = readStack(root, stack);
  if (found === undefined) throw new Refusal(errors.join("\n"));
  const { kubeconfig } = found.environment.platform.kubernetes;
  // An EKS cluster that is named needs no file: AWS is asked for it.
  if (kubeconfig === undefined) return undefined;
  return {
    variable: "KUBECONFIG_CONTENTS",
    path: resolve(root, kubeconfig),
    contents,
    replace: false,
  };
}

function tokenOf(env: NodeJS.ProcessEnv): JobFile | undefined {
  const [contents, path] = [env["CLOUD_ID_TOKEN"], env["AWS_WEB_IDENTITY_TOKEN_FILE"]];
  return contents && path
    ? { variable: "CLOUD_ID_TOKEN", path: resolve(path), contents, replace: true }
    : undefined;
}
