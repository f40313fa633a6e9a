import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { parse, stringify } from "yaml";
import { stackFile, type Project } from "./project.ts";
import type { Pulumi } from "./pulumi.ts";
import { withTokenDay } from "./tokenDay.ts";
import type { StackValues } from "./values.ts";

const header =
  "# Written by `npm run local` from the platform's values; it is written anew when they change. Git ignores it.\n";

const fingerprint = (project: Project, values: StackValues): string =>
  createHash("sha256")
    .update(
      JSON.stringify([
        relative(project.folder, project.instancesFolder),
        values.environment,
        values.secrets,
      ]),
    )
    .digest("hex");

const read = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });

/**
 * Makes the stack and its file. The file beside the state is the original and the project's is a
 * copy: a second clone takes it over, and an unchanged platform costs no call of the CLI.
 */
export async function configureStack(pulumi: Pulumi, given: StackValues): Promise<void> {
  const values = { ...given, environment: withTokenDay(given.environment) };
  const { project } = pulumi;
  const target = stackFile(project);
  const original = join(pulumi.stateFolder, `Pulumi.${project.stack}.yaml`);
  const stamp = `${original}.sha256`;
  await mkdir(dirname(target), { recursive: true });

  const kept = await read(original);
  if (kept !== undefined && (await read(stamp)) === fingerprint(project, values)) {
    if ((await read(target)) !== kept) await copyFile(original, target);
    return;
  }
  await rm(stamp, { force: true });

  const salt =
    kept === undefined ? undefined : (parse(kept) as { encryptionsalt?: string }).encryptionsalt;
  const plain = {
    ...(salt === undefined ? {} : { encryptionsalt: salt }),
    config: {
      "pulumi:disable-default-providers": ["*"],
      [`${projectName}:environment`]: values.environment,
      [`${projectName}:instancesFolder`]: relative(project.folder, project.instancesFolder),
    },
  };
  // Pulumi reads YAML 1.1, in which an unquoted date is a time.
  const text = header + stringify(plain, { lineWidth: 0, version: "1.1" });
  await writeFile(target, text, { mode: 0o600 });
  await pulumi.run(["stack", "select", "--create", "--stack", project.stack]);
  for (const [key, value] of Object.entries(values.secrets)) {
    await pulumi.run(["config", "set", "--secret", "--stack", project.stack, key], {
      input: value,
    });
  }
  await copyFile(target, `${original}.new`);
  await rename(`${original}.new`, original);
  await writeFile(stamp, fingerprint(project, values));
}

const projectName = "mlflow-instances";
