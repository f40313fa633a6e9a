import { link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createReport } from "../../../local/report.ts";
import type { Cli } from "../../../local/stack/pulumi.ts";
import { exists } from "../../../local/toolchain/folderOnce.ts";
import { ensureGoTool } from "../../../local/toolchain/index.ts";
import { versions } from "../../../local/toolchain/pins.ts";

const program = "pulumi-language-yaml";

/**
 * Puts the language host of Pulumi YAML where the engine looks for it. An official CLI has it
 * beside itself.
 */
export async function ensureYamlHost({ cliPath, env }: Cli): Promise<void> {
  if (await exists(join(dirname(cliPath), program))) return;
  const built = join(await ensureGoTool(program, createReport()), program);
  const folder = join(env["PULUMI_HOME"]!, "plugins", `language-yaml-v${versions.pulumiYaml}`);
  await mkdir(folder, { recursive: true });
  await rm(join(folder, program), { force: true });
  await link(built, join(folder, program));
}
