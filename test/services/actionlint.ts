import { join } from "node:path";
import { execa } from "execa";
import { silentReport } from "../../local/report.ts";
import { ensureGoTool } from "../../local/toolchain/index.ts";

/**
 * What the linter of GitHub's workflows says, a line for each finding. Without shellcheck and
 * pyflakes, which it would only use where they happen to be.
 */
export async function actionlint(files: readonly string[]): Promise<string[]> {
  const binary = join(await ensureGoTool("actionlint", silentReport), "actionlint");
  const { stdout, stderr, exitCode } = await execa(
    binary,
    ["-oneline", "-no-color", "-shellcheck=", "-pyflakes=", ...files],
    {
      reject: false,
    },
  );
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`actionlint: ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}
