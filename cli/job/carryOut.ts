import type { Command } from "commander";
import type { Context } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { isStandardOutput, jsonOption } from "../jsonOutput.ts";
import { fileSink, streamSink, type Sink } from "../output.ts";
import { Refusal } from "../refusal.ts";
import type { MaintenanceEvent } from "./events.ts";
import { patience } from "./job.ts";
import { run, type Use } from "./runJob.ts";
import { findTarget } from "./target.ts";

export interface Common {
  readonly json?: string;
}

/** Runs one Job. Only the Job that answers the command writes its events for machines. */
export type OneJob = (
  use: Use,
  answer: boolean,
  onEvent?: (event: MaintenanceEvent) => void,
) => Promise<ExitCode>;

export interface Request extends Common {
  readonly stack: string;
  readonly instance: string;
}

/** The arguments and options that every maintenance verb has; its own arguments follow. */
export const onInstance = (command: Command): Command =>
  command
    .argument("<stack>", "environment: a file stacks/Pulumi.<stack>.yaml")
    .argument("<instance>", "name of its instance file")
    .addOption(jsonOption("the command's events, one on each line,"));

export const carryOut = (use: Use, request: Request, context: Context): Promise<ExitCode> =>
  withJobs(request, context, (job) => job(use, true));

/** Checks all input, then does the work with Jobs on the instance's cluster. */
export async function withJobs(
  { stack, instance, json }: Request,
  { root, note, during, makeRoom, streams, signal }: Context,
  work: (job: OneJob, signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  // `… | head`: a reader that has enough is an interruption like any other.
  const readerGone = new AbortController();
  streams.stdout.once("error", () => readerGone.abort());
  const ended = AbortSignal.any([signal, readerGone.signal]);
  try {
    const target = findTarget(root, stack, instance);
    const cluster = await during(`Connecting to the cluster of ${stack}`, async () => {
      // Its Kubernetes client takes half a second to load.
      const { openCluster } = await import("./openCluster.ts");
      return openCluster(target.place);
    });
    const toReader = streamSink(streams.stdout, ended);
    const standardOutput: Sink = {
      ...toReader,
      write: (line) => (makeRoom(), toReader.write(line)),
    };
    const notes: Sink = { write: async (line) => note(line), end: async () => undefined };
    const machines = isStandardOutput(json)
      ? standardOutput
      : json === undefined
        ? undefined
        : await fileSink(json);
    const people = isStandardOutput(json) ? undefined : standardOutput;
    try {
      return await work(
        (use, answer, onEvent) =>
          run(
            { ...use, ...(onEvent && { onEvent }) },
            target,
            cluster,
            // What is shown before a question goes beside the answer.
            answer
              ? { people, machines, notes, during }
              : { people: people ?? notes, machines: undefined, notes, during },
            patience,
            ended,
          ),
        ended,
      );
    } finally {
      await machines?.end();
    }
  } catch (error) {
    if (!ended.aborted) throw error;
    throw new Refusal("Interrupted; nothing was changed.", ExitCode.Interrupted);
  }
}
