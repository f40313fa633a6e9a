import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import type { Report } from "../report.ts";
import { deploy } from "../stack/deploy.ts";
import { contextFolder, kubeconfigFile } from "../stack/existingCluster.ts";
import { readOutputs } from "../stack/outputs.ts";
import type { Project } from "../stack/project.ts";
import { openPulumi } from "../stack/pulumi.ts";
import type { StackValues } from "../stack/values.ts";
import { preparePulumi } from "../toolchain/index.ts";

/**
 * `environment` is the stack file's own object (its schema judges it); a secret is the path of the
 * file that holds it, never the value.
 */
const valuesSchema = z.strictObject({
  environment: z.looseObject({
    platform: z.looseObject({ kubernetes: z.looseObject({}).optional() }),
  }),
  secretFiles: z.record(z.string(), z.string()),
});

async function readValues(file: string, context: string): Promise<StackValues> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file}: cannot be read (${error.code})`);
  });
  const parsed = valuesSchema.safeParse(parse(text));
  if (!parsed.success) throw new Error(`${file}:\n${z.prettifyError(parsed.error)}`);
  const { environment, secretFiles } = parsed.data;
  const secrets = await Promise.all(
    Object.entries(secretFiles).map(async ([key, path]) => {
      const value = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
        throw new Error(`${file}: secretFiles.${key}: ${path} cannot be read (${error.code})`);
      });
      return [key, value.trimEnd()] as const;
    }),
  );
  const kubernetes = { kubeconfig: kubeconfigFile(), ...environment.platform.kubernetes, context };
  return {
    environment: { ...environment, platform: { ...environment.platform, kubernetes } },
    secrets: Object.fromEntries(secrets),
  };
}

/**
 * The instances of a project on a cluster that exists; its platform is the user's and is neither
 * started nor stopped.
 */
export async function upExisting(
  { context, valuesFile }: { context: string; valuesFile: string },
  project: Project,
  report: Report,
): Promise<void> {
  const values = await readValues(valuesFile, context);
  const pulumi = await openPulumi(await preparePulumi(report), project, contextFolder(context));
  await deploy(pulumi, values, report);
  for (const { name, trackingUri } of await readOutputs(pulumi))
    report.info(`${name}  ${trackingUri}`);
}
