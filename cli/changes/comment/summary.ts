import { appendFile } from "node:fs/promises";
import { fit } from "./fit.ts";
import type { Variables } from "./forge.ts";

/** The most that GitHub shows of a job's summary. */
const limit = 1_000_000;

/** GitHub shows it with the run, whole; a comment may have to be cut. */
export async function writeSummary(env: Variables, page: string): Promise<void> {
  const file = env["GITHUB_STEP_SUMMARY"];
  if (file && page !== "") await appendFile(file, `${fit(page.trimEnd(), limit)}\n`);
}
