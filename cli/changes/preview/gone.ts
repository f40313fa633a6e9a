import { goneMark } from "../../../program/preflight/claims.ts";
import type { EngineRun } from "../engine.ts";

/**
 * The engine plans against the state, so a preview without a refresh calls unchanged what isn't
 * there any more. What the program found gone is an error of that preview; in a program of the
 * engine alone, and in a refresh, it stays a warning.
 */
export function withoutTheGone(run: EngineRun): EngineRun {
  const diagnostics = run.diagnostics.map((diagnostic) =>
    diagnostic.severity === "warning" && diagnostic.message.includes(goneMark)
      ? { ...diagnostic, severity: "error" as const }
      : diagnostic,
  );
  return { ...run, diagnostics };
}
