import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configureStack } from "../../../local/stack/configure.ts";
import { policyPacks, up } from "../../../local/stack/deploy.ts";
import { openPulumi } from "../../../local/stack/pulumi.ts";
import type { StackValues } from "../../../local/stack/values.ts";
import { scratchProject } from "../../support/scratchProject.ts";
import { destroyUnguarded } from "./unguarded.ts";
import { engineContext } from "./context.ts";

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
}

/** A step of a preview. */
interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly new?: { readonly inputs?: Record<string, unknown> } | null;
}

interface PreviewEvent {
  readonly resourcePreEvent?: { readonly metadata: PreviewStep };
  readonly policyEvent?: { readonly enforcementLevel: string };
}

/**
 * A stack of an AWS environment, with a state and instance files of its own. `env`: the credentials
 * that the program runs with.
 */
export async function awsStack(stack: string, env: Record<string, string>) {
  const { cli } = engineContext();
  const folder = await mkdtemp(join(tmpdir(), `mlflow-instances-${stack}-`));
  const project = await scratchProject(folder, stack);
  const { instancesFolder } = project;
  // The option for events is one of those that are hidden without the variable.
  const environment = { ...cli.env, PULUMI_DEBUG_COMMANDS: "true", ...env };
  const pulumi = await openPulumi({ ...cli, env: environment }, project, join(folder, "state"));
  const exported = (...options: string[]) =>
    pulumi.run(["stack", "export", "--stack", stack, ...options]);
  return {
    /** Writes an instance file or, without a text, removes it. */
    async instance(name: string, yaml: string | undefined): Promise<void> {
      const file = join(instancesFolder, `${name}.yaml`);
      await (yaml === undefined ? rm(file) : writeFile(file, yaml));
    },
    async up(values: StackValues): Promise<void> {
      await configureStack(pulumi, values);
      await up(pulumi);
    },
    /**
     * The steps of a preview that are not `same`; a broken rule of a pack makes it throw. From the
     * engine's events: the CLI's JSON panics at some secrets.
     */
    async preview(values: StackValues): Promise<PreviewStep[]> {
      await configureStack(pulumi, values);
      const eventLog = join(folder, "events");
      await rm(eventLog, { force: true });
      const failure = await pulumi
        .run(["preview", "--event-log", eventLog, "--stack", stack, ...policyPacks(pulumi)])
        .then(
          () => undefined,
          (error: Error) => error,
        );
      const events = (await readFile(eventLog, "utf8").catch(() => ""))
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as PreviewEvent);
      const broken = events.flatMap(({ policyEvent }) =>
        policyEvent?.enforcementLevel === "mandatory" ? [policyEvent] : [],
      );
      if (broken.length > 0)
        throw new Error(`the preview breaks rules:\n${JSON.stringify(broken, null, 2)}`);
      if (failure !== undefined) throw failure;
      return events
        .flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? [])
        .filter(({ op }) => op !== "same");
    },
    /** The state with its secrets in clear, as text. */
    stateInClear: () => exported("--show-secrets"),
    async resources(): Promise<readonly StateResource[]> {
      return (
        (JSON.parse(await exported()) as { deployment: { resources?: StateResource[] } }).deployment
          .resources ?? []
      );
    },
    destroy: () => destroyUnguarded(pulumi),
    /** Takes away what the test wrote. */
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export type AwsStack = Awaited<ReturnType<typeof awsStack>>;
