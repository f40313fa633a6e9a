import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { clientEnvironment } from "./environment.ts";

/** What the check logged and read back; see firstRun.py. */
export interface FirstRun {
  readonly experiment: string;
  readonly runId: string;
  readonly metrics: number;
  readonly artifactBytes: number;
  readonly model: string;
  readonly version: string;
  readonly alias: string;
  readonly firstRunSeconds: number;
  readonly seconds: number;
}

const script = join(dirname(fileURLToPath(import.meta.url)), "firstRun.py");

/**
 * Logs a run through the instance's URL with the unmodified client and compares all that it reads
 * back; throws when anything differs.
 */
export async function logFirstRun(
  python: string,
  instance: { trackingUri: string; token: string; caPath: string },
  { experiment = "first-run", model = "first-model", mebibytes = 20 } = {},
): Promise<FirstRun> {
  const result = await execa(python, [script, experiment, model, String(mebibytes)], {
    env: clientEnvironment(instance),
    extendEnv: false,
    reject: false,
    timeout: 300_000,
  });
  if (result.failed)
    throw new Error(
      `The first run at ${instance.trackingUri} failed:\n${result.stderr || result.message}`,
    );
  return JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as FirstRun;
}
