import { inject } from "vitest";
import type { Profile } from "../../../local/paths.ts";
import type { ReadyPlatform } from "../../../local/commands/up.ts";
import type { Cli } from "../../../local/stack/pulumi.ts";

/** A platform that runs, as the global set-up hands it to a test file. */
export type EngineContext = Omit<ReadyPlatform, "pulumi"> & { cli: Cli };

/** The platforms of the engine tests: one for each file that runs at the same time. */
export const testProfiles = ["test", "beside"] as const satisfies readonly Profile[];

/** The platform of the worker that runs this file, and what is beside it. */
export function engineContext(): EngineContext {
  const position = Number(process.env["VITEST_POOL_ID"]) - 1;
  const context = inject("engine")[position];
  if (context === undefined) throw new Error(`no platform for worker ${position + 1}`);
  return context;
}
