import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { stackValues, type ReadyPlatform } from "../../../local/commands/up.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { openPulumi } from "../../../local/stack/pulumi.ts";
import { fixtureRoot } from "../../support/fixtureStacks.ts";
import { destroyUnguarded } from "./unguarded.ts";
import { engineContext } from "./context.ts";

const original = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
/** What no command of the project reads, or is linked. */
const unread = new Set([
  ".git",
  "node_modules",
  "test",
  "bench",
  "docs",
  "images",
  "local",
  "examples",
]);
/** What is this machine's or another stack's. */
const strange = /^Pulumi\..+\.yaml$|^instances$|^prices\.yaml$|^node_modules$/;

/**
 * The project as a user has it who works with Git: a clone of its own with one stack on the
 * embedded platform, in which the real commands run. What a commit means to them can't be shown in
 * the checkout that is being worked on.
 */
export async function projectClone(
  stack: string,
  instances: Readonly<Record<string, string>>,
  alsoNamed: readonly string[] = [],
) {
  const context = engineContext();
  const { profile } = context.platform;
  const folder = await mkdtemp(join(tmpdir(), `mlflow-instances-${stack}-`));
  const root = join(folder, "clone");
  await mkdir(root);
  for (const part of (await readdir(original)).filter((name) => !unread.has(name))) {
    const filter = (source: string) => part === "Pulumi.yaml" || !strange.test(basename(source));
    await cp(join(original, part), join(root, part), { recursive: true, filter });
  }
  for (const file of ["prices.yaml", "policies.json"])
    await cp(join(fixtureRoot, "stacks", file), join(root, "stacks", file));
  await symlink(join(original, "node_modules"), join(root, "node_modules"));
  const instancesFolder = join(root, "stacks", "instances", stack);
  await mkdir(instancesFolder, { recursive: true });
  const pulumi = await openPulumi(
    context.cli,
    { folder: root, stack, instancesFolder },
    join(folder, "state"),
  );
  const ready: ReadyPlatform = { ...context, pulumi };
  const write = async (name: string, yaml: string | undefined): Promise<void> => {
    const file = join(instancesFolder, `${name}.yaml`);
    await (yaml === undefined ? rm(file) : writeFile(file, yaml));
  };
  const git = (...args: string[]) =>
    execa(
      "git",
      [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "commit.gpgsign=false",
        ...args,
      ],
      { cwd: root },
    );

  // The object store has a user for each file that is there when the stack is configured.
  for (const name of alsoNamed) await write(name, "");
  for (const [name, yaml] of Object.entries(instances)) await write(name, yaml);
  const values = await stackValues(ready, profile);
  for (const name of alsoNamed) await write(name, undefined);
  await configureStack(pulumi, values);
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "base");

  return {
    root,
    pulumi,
    /** The stack's secret values. */
    secrets: values.secrets,
    write,
    /** Puts every file back to the commit. */
    async restore(): Promise<void> {
      await git("checkout", "--quiet", "--", ".");
      await git("clean", "--quiet", "--force", "-d");
    },
    /**
     * Runs a verb as `npx mlflow-instances` does; its process leads a group, as in a terminal.
     */
    run: (...args: string[]) =>
      execa(process.execPath, [join(root, "cli", "main.ts"), ...args], {
        cwd: root,
        env: pulumi.env,
        reject: false,
        detached: true,
      }),
    async remove(): Promise<void> {
      await destroyUnguarded(pulumi);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type ProjectClone = Awaited<ReturnType<typeof projectClone>>;
