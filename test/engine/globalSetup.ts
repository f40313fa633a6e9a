import type { TestProject } from "vitest/node";
import { preparePlatform } from "../../local/commands/up.ts";
import { profilePaths } from "../../local/paths.ts";
import { resetPlatform } from "../../local/platform/index.ts";
import { createReport } from "../../local/report.ts";
import { takeLock } from "../../local/lock.ts";
import { projectOf } from "../../local/stack/project.ts";
import { testProfiles, type EngineContext } from "./support/context.ts";

declare module "vitest" {
  export interface ProvidedContext {
    engine: readonly EngineContext[];
  }
}

/**
 * Embedded platforms of the tests' own for all engine tests; the user's platform and data are not
 * touched. A second run, of any clone, and a benchmark wait until this one has ended.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const report = createReport();
  const release = await takeLock(
    profilePaths(testProfiles[0]).lock,
    `engine tests of ${process.cwd()}`,
  );
  try {
    const contexts: EngineContext[] = [];
    // One after the other: what the first one builds, the second finds.
    for (const profile of testProfiles) {
      // What a killed run left behind is in no state file of this one.
      await resetPlatform(profile, report);
      const { pulumi, ...rest } = await preparePlatform(
        profile,
        projectOf("engine"),
        profilePaths(profile).pulumi,
        report,
      );
      contexts.push({ ...rest, cli: pulumi.cli });
    }
    project.provide("engine", contexts);
  } catch (error) {
    await release();
    throw error;
  }
  return async () => {
    for (const profile of testProfiles) await resetPlatform(profile, report);
    await release();
  };
}
