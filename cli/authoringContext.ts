import type { Command } from "commander";
import type { Asker } from "./questions.ts";

/** What every command gets. */
export interface Context {
  /** Folder of Pulumi.yaml. */
  readonly root: string;
  /** Results go to standard output, and nothing else does. */
  readonly out: (text: string) => void;
  /** What the user should know beside the result: standard error. */
  readonly note: (line: string) => void;
  /** Who answers questions; undefined without a terminal. */
  readonly asker: Asker | undefined;
  /** Today (UTC), to which the bounds of dates are relative. */
  readonly today: string;
  readonly env: NodeJS.ProcessEnv;
}

export type Register = (program: Command, context: Context) => void;
