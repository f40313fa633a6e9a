import { runCli } from "../engineProcess.ts";
import type { EngineOptions } from "../engineProcess.ts";
import { failure } from "../../refusal.ts";
import { pullRequestOf } from "../../../program/values/pullRequest.ts";
import { parseState, type StackState } from "./state.ts";

/** A stack as the backend lists it. */
export interface ListedStack {
  readonly name: string;
  readonly lastUpdate: string | undefined;
}

/**
 * What a command on review environments works with; the engine's options are those of `openStack`.
 */
export interface Workplace extends EngineOptions {
  /** Folder of Pulumi.yaml. */
  readonly root: string;
  readonly note: (line: string) => void;
}

/** Commands of the CLI on the project and on stacks that may have no file here. */
export function openBackend(workplace: Workplace) {
  const run = async (args: readonly string[]): Promise<string> => {
    const { signal, env } = workplace;
    const result = await runCli(args, { signal, env, cwd: workplace.root });
    if (result.missing)
      throw failure(
        "pulumi is not on PATH: install the Pulumi CLI and log in to your state backend (`pulumi login`).",
      );
    if (result.exitCode !== 0)
      throw failure(`pulumi ${args.join(" ")} failed:\n${result.output.trim()}`);
    return result.stdout;
  };
  return {
    run,
    /**
     * The stacks of this project that are named as review environments are; a backend that names
     * owners names them first.
     */
    async previews(): Promise<ListedStack[]> {
      const rows = JSON.parse(await run(["stack", "ls", "--json"])) as {
        name: string;
        lastUpdate?: string;
      }[];
      return rows
        .map(({ name, lastUpdate }) => ({
          name: name.slice(name.lastIndexOf("/") + 1),
          lastUpdate,
        }))
        .filter(({ name }) => pullRequestOf(name) !== undefined)
        .sort((a, b) => pullRequestOf(a.name)! - pullRequestOf(b.name)!);
    },
    state: async (stack: string): Promise<StackState> =>
      parseState(await run(["stack", "export", "--stack", stack])),
  };
}

export type Backend = ReturnType<typeof openBackend>;
