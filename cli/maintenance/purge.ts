import { Argument } from "commander";
import type { Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { Refusal } from "../refusal.ts";
import { onInstance, withJobs, type Common, type OneJob } from "../job/carryOut.ts";
import { askForName } from "./confirm.ts";
import type { MaintenanceEvent } from "../job/events.ts";
import { requestedBy } from "../job/requestedBy.ts";
import type { Use } from "../job/runJob.ts";
import { plain } from "../job/terminalText.ts";

/** Kinds as they are typed; the image has the same list. */
export const purgeKinds = ["experiment", "run", "logged-model", "trace"] as const;

interface Options extends Common {
  readonly dryRun: boolean;
  readonly confirm?: string;
}

export const define: Define = (command, context, end) => {
  onInstance(command)
    .addArgument(new Argument("<kind>", "what it is").choices(purgeKinds))
    .argument("<id-or-name>", "its id, or a name that nothing else of its kind has")
    .option("--dry-run", "list what goes, and change nothing", false)
    .option("--confirm <name>", "its name, or its id if it has no name, in place of the question")
    .action((stack: string, instance: string, kind: string, what: string, options: Options) =>
      end(() => {
        const { dryRun, confirm } = options;
        const request = {
          kind,
          what,
          dryRun,
          requestedBy: requestedBy(),
          ...(confirm !== undefined && { confirm }),
        };
        const { stdin: input, stderr: output } = context.streams;
        return withJobs({ ...options, stack, instance }, context, (job, signal) => {
          const ask: PurgeSteps["ask"] = (typed, thing) => {
            const means = `This removes ${plain(thing)} of ${instance}, shown above, with no way back.`;
            const noun = `its name (${plain(typed)})`;
            return askForName({ name: typed, noun, means }, { input, output }, signal);
          };
          return purge(request, { job, ask, hasTerminal: input.isTTY });
        });
      }),
    );
};

export interface PurgeRequest {
  readonly kind: string;
  /** Its id, or a name that nothing else of its kind has. */
  readonly what: string;
  readonly dryRun: boolean;
  /** Its name, or its id if it has no name: in place of the question. */
  readonly confirm?: string;
  readonly requestedBy: string;
}

type PurgeEvent = Extract<MaintenanceEvent, { event: "purge" }>;

/** Where a purge runs its Jobs, and whom it asks. */
export interface PurgeSteps {
  readonly job: OneJob;
  readonly hasTerminal: boolean;
  /** Asks for the name; fails if something else is typed. */
  readonly ask: (typed: string, thing: string) => Promise<void>;
}

/**
 * Removes one named thing: a first Job shows what goes, then its name is asked for, and a second
 * Job removes it, which compares the name with what it finds then. `--confirm` is compared there as
 * well, and needs no first Job.
 */
export async function purge(
  request: PurgeRequest,
  { job, hasTerminal, ask }: PurgeSteps,
): Promise<ExitCode> {
  if (request.dryRun) {
    if (request.confirm !== undefined)
      throw new Refusal("--confirm is not for --dry-run; nothing was changed.");
    return job(purgeUse(request), true);
  }
  if (request.confirm !== undefined) return job(purgeUse(request, request.confirm), true);
  if (!hasTerminal) {
    throw new Refusal(
      "purge asks for the name of what it removes on a terminal, and there is none: use --confirm <its name>. Nothing was removed.",
    );
  }
  let found: PurgeEvent | undefined;
  const looked = await job(purgeUse({ ...request, dryRun: true }), false, (event) => {
    if (event.event === "purge") found = event;
  });
  if (looked !== ExitCode.Done) return looked;
  if (found === undefined) throw new Error("the image did not report what it would remove");
  await ask(found.confirm, `${request.kind} ${found.id}`);
  // By its id: another thing may have the name by now.
  return job(purgeUse({ ...request, what: found.id }, found.confirm), true);
}

/** Options come first, and behind `--` no text that a user types is one. */
function purgeUse({ kind, what, dryRun, requestedBy }: PurgeRequest, confirmed?: string): Use {
  const options = confirmed === undefined ? ["--dry-run"] : [`--confirm=${confirmed}`];
  return {
    command: "purge",
    cronJob: "retention",
    commandLine: [
      "mlflow-instance-purge",
      ...options,
      `--requested-by=${requestedBy}`,
      "--",
      kind,
      what,
    ],
    dryRun: dryRun || confirmed === undefined,
  };
}
