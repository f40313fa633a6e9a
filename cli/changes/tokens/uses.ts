import type { Context } from "../../context.ts";
import { ExitCode } from "../../exitCode.ts";
import { withJobs } from "../../job/carryOut.ts";
import type { RecordedUses } from "./rows.ts";

/**
 * Reads when each token of an instance was last used, by a Job in the instance's namespace: only its
 * database knows. An exit code says that the Job did not answer.
 */
export async function readUses(
  context: Context,
  stack: string,
  instance: string,
): Promise<RecordedUses | ExitCode> {
  const byCaller = new Map<string, string>();
  let since = "";
  const code = await withJobs({ stack, instance }, context, (job) =>
    job(
      {
        command: "audit",
        cronJob: "retention",
        commandLine: ["mlflow-instance-audit", "--uses"],
        dryRun: true,
        quiet: true,
      },
      false,
      (event) => {
        if (event.event === "use") byCaller.set(event.caller, event.lastUsed);
        if (event.event === "summary") since = event.recordedSince ?? "";
      },
    ),
  );
  if (code !== ExitCode.Done) return code;
  if (since === "") throw new Error("the image did not report since when uses are recorded");
  return { since, byCaller };
}
