import { randomBytes } from "node:crypto";
import { missingRights } from "./access.ts";
import { ClusterError, type Cluster } from "./cluster.ts";
import { eventIn, type MaintenanceEvent, type Summary } from "./events.ts";
import { follow, waitForStart } from "./follow.ts";
import { OneOffJob, readCronJob, type Patience } from "./job.ts";
import { oneOffJob } from "./jobManifest.ts";
import type { Outcome } from "./outcome.ts";
import type { Sink } from "../output.ts";
import type { Reporter } from "../progress.ts";
import { failure, Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";
import { requestedBy } from "./requestedBy.ts";
import { lineOf } from "./eventLine.ts";
import { summaryLines } from "./summaryLines.ts";
import type { Place, Target } from "./target.ts";
import { plain } from "./terminalText.ts";

/** One use of a maintenance command. */
export interface Use {
  /** The name under which the user knows it. */
  readonly command: string;
  /** Whose image, login and limits it takes. */
  readonly cronJob: "retention" | "stale-runs";
  readonly commandLine: readonly string[];
  /** Whether it only looks: then an interruption ends it. */
  readonly dryRun: boolean;
  /** Asked after all checks and before anything is made. */
  readonly confirm?: () => Promise<void>;
  /** Called with each event, as it comes. */
  readonly onEvent?: (event: MaintenanceEvent) => void;
  /** Its events are a part of another answer: none of them is shown. */
  readonly quiet?: boolean;
  /** The advice when the Job did only a part. Default: that of a removal. */
  readonly left?: () => string;
}

/** Where the parts of the output go. Without `people` only machines are served. */
export interface Outputs {
  readonly people: Sink | undefined;
  readonly machines: Sink | undefined;
  readonly notes: Sink;
  /** A removal is silent while all goes well: a sign of life keeps people from ending it. */
  readonly during: Reporter["during"];
}

/** Runs a command as a Job of the instance and shows what it says; gives the exit code. */
export async function run(
  use: Use,
  target: Target,
  cluster: Cluster,
  outputs: Outputs,
  patience: Patience,
  signal: AbortSignal,
): Promise<ExitCode> {
  const cronJob = await readCronJob(cluster, target.namespace, use.cronJob);
  const missing = await missingRights(cluster, target.namespace);
  if (missing.length > 0)
    throw failure(
      `No right on ${cluster.where}, namespace ${target.namespace}, to ${missing.join(", ")}.`,
    );
  if (cronJob === undefined) {
    throw new Refusal(
      `Instance ${target.instance} is not deployed with its maintenance: namespace ${target.namespace} on ${cluster.where} has no CronJob ` +
        `${use.cronJob}. Run \`pulumi up --stack ${target.stack}\`; one whose file says \`delete:\` has none any more.`,
    );
  }
  await use.confirm?.();
  signal.throwIfAborted();

  const { command, commandLine } = use;
  const manifest = oneOffJob(cronJob, {
    command,
    commandLine,
    requestedBy: requestedBy(),
    time: new Date(),
    suffix: randomBytes(3).toString("hex"),
  });
  const job = new OneOffJob(cluster, manifest, patience, signal);
  await job.create();
  try {
    // Asked to stop while the answer was on its way: nothing has begun.
    if (signal.aborted) await job.delete();
    signal.throwIfAborted();
    return await watch(use, job, outputs, patience);
  } catch (error) {
    if (error instanceof ClusterError) {
      throw new Refusal(
        `Lost sight of job ${job.name}, which goes on: ${error.message}. ${logHint(target, job)}`,
        ExitCode.Failed,
      );
    }
    if (!signal.aborted) throw error;
    await outputs.notes.write(await afterInterruption(use, target, job));
    return ExitCode.Interrupted;
  }
}

async function watch(
  use: Use,
  job: OneOffJob,
  outputs: Outputs,
  patience: Patience,
): Promise<ExitCode> {
  const { notes, during } = outputs;
  const said = new Set<string>();
  await notes.write(`Job ${job.name} in namespace ${job.namespace}`);
  return during(`${use.command} at work`, async () => {
    await waitForStart(job, patience, (text) => {
      // The cluster tries again and again, with other names of pods in the same words.
      const reason = text.split(":", 1)[0]!;
      if (!said.has(reason)) void notes.write(plain(text));
      said.add(reason);
    });
    return show(follow(job, patience), use, outputs);
  });
}

/** Shows each line for whom it is; gives the exit code when the lines end. */
async function show(
  lines: AsyncGenerator<string, Outcome>,
  use: Use,
  { people, machines, notes }: Outputs,
): Promise<ExitCode> {
  let summary: Summary | undefined;
  let step = await lines.next();
  for (; step.done !== true; step = await lines.next()) {
    const event = eventIn(step.value);
    if (event === undefined) {
      await notes.write(plain(step.value));
      continue;
    }
    use.onEvent?.(event);
    await machines?.write(step.value);
    if (event.event === "summary") summary = event;
    const line = use.quiet === true ? undefined : lineOf(event);
    if (line !== undefined) await people?.write(line);
  }
  if (summary !== undefined && use.quiet !== true) {
    for (const line of ["", ...summaryLines(summary)]) await people?.write(line);
  }
  return say(step.value, use, summary !== undefined, notes);
}

async function say(
  { exitCode, because }: Outcome,
  use: Use,
  complete: boolean,
  notes: Sink,
): Promise<ExitCode> {
  if (exitCode === ExitCode.Done && !complete) {
    await notes.write(
      "The command's last line is missing, so what is shown above is not all. Try again.",
    );
    return ExitCode.Failed;
  }
  const words =
    because === undefined
      ? (exitCode === ExitCode.Left && use.left?.()) || endings[exitCode]
      : `The command didn't come to its end: ${because}. ${afterwards(use)}`;
  if (words !== undefined) await notes.write(words);
  return exitCode;
}

const afterwards = ({ dryRun }: Use): string =>
  dryRun ? "Nothing was changed." : "What was done is done; the next run goes on with the rest.";

const endings: Partial<Record<ExitCode, string>> = {
  [ExitCode.Failed]:
    "The command could not work: its database or object store did not do their part (see above). Try again later.",
  [ExitCode.Wrong]:
    "The command refused its settings, its arguments or the state of the database (see above). Nothing was changed.",
  [ExitCode.Left]:
    "Something was left: each line FAILED says what and why. The next run tries again.",
  [ExitCode.Locked]:
    "Another maintenance command works on this instance at the moment; nothing was changed. Try again when it has ended.",
};

const logHint = ({ place }: Target, { namespace, name }: OneOffJob): string =>
  `Its log: kubectl ${kubectlOptions(place)}--namespace ${namespace} logs --follow job/${name}`;

// For a cluster that is named by EKS' name, the user's kubeconfig has a context of its own.
const kubectlOptions = (place: Place): string =>
  place.clusterName !== undefined
    ? ""
    : `--kubeconfig ${place.kubeconfig} --context ${place.context} `;

async function afterInterruption(use: Use, target: Target, job: OneOffJob): Promise<string> {
  if (!use.dryRun)
    return `Interrupted; job ${job.name} goes on in the cluster. ${logHint(target, job)}`;
  try {
    await job.delete();
    return `Interrupted; job ${job.name} was deleted. Nothing was changed.`;
  } catch (error) {
    return `Interrupted; job ${job.name} could not be deleted (${(error as Error).message}). It only looks, and ends by itself.`;
  }
}
