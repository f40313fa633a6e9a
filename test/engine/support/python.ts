import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { clientEnvironment } from "../../../local/client/environment.ts";

/**
 * Runs a Python program with the unmodified MLflow client; gives its exit code and what it printed.
 */
export function runPython(
  python: string,
  program: string,
  instance: { trackingUri: string; token: string; caPath: string },
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ["-c", program], {
      env: clientEnvironment(instance),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

const scripts = join(import.meta.dirname, "../scripts");

export interface Client {
  readonly python: string;
  readonly trackingUri: string;
  readonly token: string;
  readonly caPath: string;
}

/**
 * Runs a script of test/engine/scripts with nothing in its environment but what any client needs;
 * the last line of its output is JSON.
 */
export async function runScript<T>(
  client: Client,
  script: string,
  ...args: readonly string[]
): Promise<T> {
  const { stdout } = await promisify(execFile)(client.python, [join(scripts, script), ...args], {
    env: { ...clientEnvironment(client), PYTHONDONTWRITEBYTECODE: "1" },
    timeout: 240_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

/** A Python with MLflow's model flavours beside its client: what the server's image holds. */
export async function pythonWithFlavours(): Promise<string> {
  const script = join(import.meta.dirname, "../../../images/tracking-server/test-environment.sh");
  const { stdout } = await promisify(execFile)("sh", [script]);
  return join(stdout.trim(), "venv", "bin", "python");
}
