import type { TestProject } from "vitest/node";
import { preparePlatform } from "../../local/commands/up.ts";
import { profilePaths } from "../../local/paths.ts";
import { resetPlatform } from "../../local/platform/index.ts";
import { createReport } from "../../local/report.ts";
import { takeLock } from "../../local/lock.ts";
import { projectOf } from "../../local/stack/project.ts";
import type { EngineContext } from "./support/engine.ts";

declare module "vitest" {
  export interface ProvidedContext {
    engine: EngineContext;
  }
}

const profile = "test";

/**
 * One embedded platform of the tests' own for all engine tests; the user's platform and data are
 * not touched. A second run, of any clone, and a benchmark wait until this one has ended.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const report = createReport();
  const release = await takeLock(profilePaths(profile).lock, `engine tests of ${process.cwd()}`);
  try {
    // What a killed run left behind is in no state file of this one.
    await resetPlatform(profile, report);
    const ready = await preparePlatform(
      profile,
      projectOf("engine"),
      profilePaths(profile).pulumi,
      report,
    );
    const { pulumi, ...rest } = ready;
    project.provide("engine", { ...rest, cli: pulumi.cli });
  } catch (error) {
    await release();
    throw error;
  }
  return async () => {
    await resetPlatform(profile, report);
    await release();
  };
}
