import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import {
  deployInstances,
  stackValues,
  type Deployed,
  type ReadyPlatform,
} from "../../../local/commands/up.ts";
import { updateHosts } from "../../../local/hosts.ts";
import { silentReport } from "../../../local/report.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { openPulumi } from "../../../local/stack/pulumi.ts";
import { destroyUnguarded } from "./unguarded.ts";
import { engineContext } from "./context.ts";

const clone = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/**
 * A checkout of the project as a pipeline has it: a Git repository of its own, the program's files,
 * and one environment whose state lies elsewhere.
 */
export async function openCheckout(stack: string) {
  const context = engineContext();
  const { profile } = context.platform;
  const folder = await mkdtemp(join(tmpdir(), `mlflow-instances-checkout-${stack}-`));
  const root = join(folder, "checkout");
  const instancesFolder = join(root, "stacks", "instances", stack);
  await mkdir(instancesFolder, { recursive: true });
  for (const file of ["Pulumi.yaml", "package.json", ".gitignore"])
    await cp(join(clone, file), join(root, file));
  await cp(join(clone, "program"), join(root, "program"), { recursive: true });
  for (const shared of ["node_modules", "policies"])
    await symlink(join(clone, shared), join(root, shared));
  const pulumi = await openPulumi(
    context.cli,
    { folder: root, stack, instancesFolder },
    join(folder, "state"),
  );
  const ready: ReadyPlatform = { ...context, pulumi };
  const git = (...args: string[]) =>
    execa("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
      cwd: root,
    });
  await git("init", "--quiet", "--initial-branch", "main");

  return {
    ...context,
    root,
    pulumi,
    git,
    /** Writes (or, without a text, removes) an instance file. */
    async instance(name: string, yaml: string | undefined): Promise<void> {
      const file = join(instancesFolder, `${name}.yaml`);
      await (yaml === undefined ? rm(file) : writeFile(file, yaml));
    },
    values: () => stackValues(ready, profile),
    configure: async () => configureStack(pulumi, await stackValues(ready, profile)),
    up: (): Promise<Deployed> => deployInstances(ready, profile, silentReport),
    /** Makes hosts known on this machine, in place of a DNS server's wildcard record. */
    resolve: (trackingUris: readonly string[]) =>
      updateHosts(
        profile,
        trackingUris.map((uri) => ({
          address: context.platform.nodeIp,
          name: new URL(uri).hostname,
        })),
      ),
    /** A folder as another machine has it: the project and what Git knows of its stacks. */
    async freshMachine(): Promise<string> {
      const fresh = await mkdtemp(join(folder, "fresh-"));
      await cp(join(root, "Pulumi.yaml"), join(fresh, "Pulumi.yaml"));
      await cp(
        join(root, "stacks", `Pulumi.${stack}.yaml`),
        join(fresh, "stacks", `Pulumi.${stack}.yaml`),
      );
      return fresh;
    },
    async remove(): Promise<void> {
      await destroyUnguarded(pulumi);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Checkout = Awaited<ReturnType<typeof openCheckout>>;
