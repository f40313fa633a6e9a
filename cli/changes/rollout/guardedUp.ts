import { readStack } from "../../../program/instance/stackOnDisk.ts";
import type { Context } from "../../context.ts";
import type { EngineRun } from "../engine.ts";
import type { PreviewReport } from "../preview/report.ts";
import { clusterLook } from "./clusterLook.ts";
import { guarded, type GuardOptions } from "./guard.ts";

/** The instances whose pods an update may change. */
export const changedInstances = ({ instances }: PreviewReport): string[] =>
  instances.filter(({ state }) => state !== "gone").map(({ name }) => name);

/**
 * Runs an update, and ends it as Ctrl-C does when a pod of an instance that changes can't run. What
 * kept pods from running is among the errors of an update that failed, ended by this guard or not.
 */
export async function guardedUp(
  context: Pick<Context, "root" | "signal" | "note">,
  stack: string,
  instances: readonly string[],
  up: (signal: AbortSignal) => Promise<EngineRun>,
  options: Partial<GuardOptions> = {},
): Promise<EngineRun> {
  const environment = readStack(context.root, stack).stack?.environment;
  if (environment === undefined || instances.length === 0) return up(context.signal);
  const { result, ended, obstacles } = await guarded(
    async (signal) => {
      signal.addEventListener("abort", () => context.note("A pod can't run; ending the update …"), {
        once: true,
      });
      return up(AbortSignal.any([context.signal, signal]));
    },
    { instances, look: clusterLook(environment.platform), ...options },
  );
  if (result.succeeded || context.signal.aborted) return result;
  return withObstacles(
    { ...result, interrupted: false },
    ended.length > 0 ? ended : obstacles,
    ended.length > 0,
  );
}

// What an engine that was told to end says of the resources that it was waiting for.
const consequence = /\b(?:cancell?ed|cancell?ation|interrupted)\b/i;

function withObstacles(run: EngineRun, lines: readonly string[], isEnded: boolean): EngineRun {
  const kept = run.diagnostics.filter(
    ({ severity, message }) => !isEnded || severity !== "error" || !consequence.test(message),
  );
  const added = lines.map((message) => ({
    severity: "error" as const,
    message,
    color: "never" as const,
    urn: "",
    prefix: "",
  }));
  return { ...run, diagnostics: [...kept, ...added] };
}
