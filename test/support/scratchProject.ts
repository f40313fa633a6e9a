import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../../local/stack/project.ts";
import { fixtureRoot } from "./fixtureStacks.ts";

const original = join(import.meta.dirname, "..", "..");
/** What Pulumi, the policy packs and the commands read. They resolve imports by their real path. */
const copied = ["Pulumi.yaml", "package.json", "program", "cli", "policies"];

/**
 * The project in a folder of a test's or a benchmark's own, with an empty folder of instance files
 * beside it: a stack file in the source tree would be the user's. The policy configuration is the
 * fixtures'.
 */
export async function scratchProject(folder: string, stack: string): Promise<Project> {
  const project = {
    folder: join(folder, "project"),
    stack,
    instancesFolder: join(folder, "instances"),
  };
  await mkdir(project.instancesFolder);
  await mkdir(join(project.folder, "stacks"), { recursive: true });
  for (const part of copied)
    await cp(join(original, part), join(project.folder, part), {
      recursive: true,
      filter: (source) => !source.endsWith("node_modules"),
    });
  await symlink(join(original, "node_modules"), join(project.folder, "node_modules"));
  await cp(
    join(fixtureRoot, "stacks", "policies.json"),
    join(project.folder, "stacks", "policies.json"),
  );
  return project;
}
