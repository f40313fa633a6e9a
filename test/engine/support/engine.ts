import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  deployInstances,
  stackValues,
  type Deployed,
  type ReadyPlatform,
} from "../../../local/commands/up.ts";
import { silentReport } from "../../../local/report.ts";
import { configureStack } from "../../../local/stack/configure.ts";
import { removeObjectStoreUsers } from "../../../local/platform/index.ts";
import { formerInstances } from "../../../local/stack/formerInstances.ts";
import { instanceNames } from "../../../local/stack/instanceNames.ts";
import type { InstanceOutput } from "../../../local/stack/outputs.ts";
import type { StackValues } from "../../../local/stack/values.ts";
import { openPulumi } from "../../../local/stack/pulumi.ts";
import { scratchProject } from "../../support/scratchProject.ts";
import { destroyUnguarded } from "./unguarded.ts";
import { engineContext } from "./context.ts";

/** One step of a preview that changes something. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Record<string, unknown> | null;
}

/**
 * A stack of a test file's own: its project, state folder and instance files are new and go with
 * `remove()`. `stack` is the environment's name, too, and with it part of bucket names.
 */
export async function engineStack(
  stack: string,
  /** Changes the environment that the platform stands for. */
  environment: (of: Record<string, any>) => Record<string, unknown> = (of) => of,
) {
  const context = engineContext();
  const { profile } = context.platform;
  const folder = await mkdtemp(join(tmpdir(), `mlflow-instances-${stack}-`));
  const project = await scratchProject(folder, stack);
  const { instancesFolder } = project;
  const pulumi = await openPulumi(context.cli, project, join(folder, "state"));
  const ready: ReadyPlatform = { ...context, pulumi };
  const valuesNow = async (): Promise<StackValues> => {
    const values = await stackValues(ready, profile);
    return { ...values, environment: environment(values.environment) };
  };
  const stackArguments = ["--stack", stack];

  return {
    ...context,
    stack,
    pulumi,
    instancesFolder,
    /** Writes (or, without a text, removes) an instance file; nothing is deployed. */
    async instance(name: string, yaml: string | undefined): Promise<void> {
      const file = join(instancesFolder, `${name}.yaml`);
      await (yaml === undefined ? rm(file) : writeFile(file, yaml));
    },
    values: valuesNow,
    up: (): Promise<Deployed> => deployInstances(ready, profile, silentReport, valuesNow()),
    /** Configures the stack as `up` does, for a test that runs the CLI by itself. */
    async configure(): Promise<void> {
      await configureStack(pulumi, await valuesNow());
    },
    /**
     * The steps of a preview that are not `same`. Without packs: each `up` is judged, and what a
     * preview says of rules is policies.test.ts'.
     */
    async preview(): Promise<Step[]> {
      await configureStack(pulumi, await valuesNow());
      const text = await pulumi.run(["preview", "--json", ...stackArguments]);
      const { steps = [] } = JSON.parse(text) as { steps?: Step[] };
      return steps.filter(({ op }) => op !== "same");
    },
    /** Destroys what is left of the stack and everything that the test wrote. */
    async remove(): Promise<void> {
      await destroyUnguarded(pulumi);
      const names = [
        ...(await formerInstances(pulumi, [])),
        ...(await instanceNames(pulumi.project)),
      ];
      for (const name of new Set(names)) await removeObjectStoreUsers(profile, name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Engine = Awaited<ReturnType<typeof engineStack>>;

/** The logical name at the end of a URN. */
export const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** The outputs of an instance that must be there. */
export function instanceOf(deployed: Deployed, name: string): InstanceOutput {
  const found = deployed.instances.find((instance) => instance.name === name);
  if (found === undefined) throw new Error(`no outputs of instance ${name}`);
  return found;
}

export function tokenOf(instance: InstanceOutput, name: string): string {
  const found = instance.tokens.find((token) => token.name === name);
  if (found === undefined || found.value === "")
    throw new Error(`no token ${name} of instance ${instance.name}`);
  return found.value;
}
