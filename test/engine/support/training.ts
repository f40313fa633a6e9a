import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import { eventually } from "./eventually.ts";
import { instanceOf, tokenOf } from "./engine.ts";
import { runScript } from "./python.ts";

export interface Training {
  readonly steps: number;
  readonly missing: number[];
  readonly files: number;
  readonly errors: string[];
  /** Seconds of the slowest step. */
  readonly longest: number;
}

/**
 * A training with the unmodified client that logs a metric and a file each second, from now until
 * `ended()`.
 */
export async function startTraining(
  deployed: Deployed,
  name: string,
): Promise<{ ended(): Promise<Training> }> {
  const instance = instanceOf(deployed, name);
  const scratch = await mkdtemp(join(tmpdir(), "training-"));
  const stop = join(scratch, "stop");
  const client = {
    python: deployed.python,
    trackingUri: instance.trackingUri,
    token: tokenOf(instance, "ci"),
    caPath: deployed.platform.caPath,
  };
  const training = runScript<Training>(client, "steadyClient.py", stop);
  training.catch(() => undefined);
  await eventually(30_000, async () => expect(existsSync(join(scratch, "started"))).toBe(true));
  return {
    async ended() {
      await writeFile(stop, "");
      try {
        return await training;
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}
