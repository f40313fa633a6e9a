import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

/** Puts the CLI into a folder, below `bin`. */
export type Installer = (folder: string) => Promise<unknown>;

// Without a version it takes that of the SDK, with which the CLI is released.
const official: Installer = (folder) => PulumiCommand.install({ root: folder });

/**
 * Installs the Pulumi CLI where npx looks for programs, so that the commands
 * after it find it without a change of PATH, on any forge. Language hosts are found beside the CLI.
 */
export async function installPulumi(root: string, install: Installer = official): Promise<void> {
  const folder = join(root, "node_modules", ".pulumi-cli");
  const programs = join(root, "node_modules", ".bin");
  await install(folder);
  await mkdir(programs, { recursive: true });
  for (const program of await readdir(join(folder, "bin"))) {
    const link = join(programs, program);
    await rm(link, { force: true });
    await symlink(relative(programs, join(folder, "bin", program)), link);
  }
}
