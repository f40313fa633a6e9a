import { delimiter, join } from "node:path";
import { clientVariables, exportLines } from "../client/environment.ts";
import { profilePaths, type Profile } from "../paths.ts";
import { createReport } from "../report.ts";
import { readOutputs, writingToken } from "../stack/outputs.ts";
import type { Project } from "../stack/project.ts";
import { openPulumi } from "../stack/pulumi.ts";
import { preparePulumi } from "../toolchain/index.ts";

/**
 * Prints the exports with which the product's own commands (`npx mlflow-instances preview local`) work on the
 * embedded platform's stack; where a Pulumi CLI is on PATH and logged in, they need none of it. The
 * passphrase itself stays in its file.
 */
export async function pulumiEnv(profile: Profile, project: Project): Promise<void> {
  const { env: variables } = await openPulumi(
    await preparePulumi(createReport()),
    project,
    profilePaths(profile).pulumi,
  );
  const path = [...new Set(variables["PATH"]?.split(delimiter))].join(delimiter);
  process.stdout.write(exportLines({ ...variables, PATH: path }));
}

/**
 * Prints the exports of a client of one instance; nothing else goes to stdout, so that a shell can
 * evaluate it.
 */
export async function env(
  profile: Profile,
  project: Project,
  want: { instance: string | undefined; token: string | undefined },
): Promise<void> {
  const paths = profilePaths(profile);
  const pulumi = await openPulumi(await preparePulumi(createReport()), project, paths.pulumi);
  const instances = await readOutputs(pulumi);
  const names = instances.map(({ name }) => name).join(", ");
  if (instances.length === 0)
    throw new Error("No instance is deployed: run `npm run local` first.");
  const instance =
    want.instance === undefined
      ? instances[0]
      : instances.find(({ name }) => name === want.instance);
  if (instance === undefined)
    throw new Error(`${want.instance}: no such instance; there are: ${names}`);
  const token =
    want.token === undefined
      ? (writingToken(instance) ?? instance.tokens[0])
      : instance.tokens.find(({ name }) => name === want.token);
  if (token === undefined) {
    const declared = instance.tokens.map(({ name }) => name).join(", ") || "none";
    throw new Error(
      `${instance.name}: no token ${want.token ?? ""}; declared in its file: ${declared}`,
    );
  }
  process.stdout.write(
    exportLines(
      clientVariables({
        trackingUri: instance.trackingUri,
        token: token.value,
        caPath: join(paths.pki, "ca.crt"),
      }),
    ),
  );
}
