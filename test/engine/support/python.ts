import { spawn } from "node:child_process";
import { clientEnvironment } from "../../../local/client/environment.ts";

/** Runs a Python program with the unmodified MLflow client; gives its exit code and what it printed. */
export function runPython(
  python: string,
  program: string,
  instance: { trackingUri: string; token: string; caPath: string },
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ["-c", program], { env: clientEnvironment(instance), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}
