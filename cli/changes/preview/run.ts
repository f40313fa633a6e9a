import { todayOf } from "../reviewEnvironments/lifetime.ts";
import { join } from "node:path";
import { nameIn } from "../../../program/instance/preview.ts";
import { readStack } from "../../../program/instance/stackOnDisk.ts";
import type { Context } from "../../context.ts";
import { openStack, type EngineRun, type EngineStack } from "../engine.ts";
import { Refusal } from "../../refusal.ts";
import { ExitCode } from "../../exitCode.ts";
import { withoutTheGone } from "./gone.ts";
import { causesOf, changedFiles, type GitChanges } from "./cause.ts";
import { readExclusions, type Exclusion } from "./policies.ts";
import { readPrices, type Prices } from "./prices.ts";
import { reportOf, type PreviewReport } from "./report.ts";

/** What a page needs besides the engine's events. */
interface Surroundings {
  readonly prices: Prices | undefined;
  readonly exclusions: readonly Exclusion[];
  readonly git: GitChanges | undefined;
}

/**
 * Previews a stack with the project's packs. Everything that can be wrong with the request is said
 * before the engine starts.
 */
export async function previewStack(
  context: Context,
  stack: EngineStack,
  options: { base?: string | undefined; refresh?: boolean },
): Promise<PreviewReport> {
  const { base, refresh = false } = options;
  const around = await readSurroundings(context.root, stack.name, base);
  const run = await context.during(`Previewing stack ${stack.name}`, () =>
    stack.preview({ refresh }),
  );
  // A refresh finds out by itself, and its steps show what is made anew.
  return judge(stack, refresh ? run : withoutTheGone(run), around);
}

export const open = (
  context: Context,
  stack: string,
  onLine?: (line: string) => void,
): Promise<EngineStack> => openStack(context.root, stack, { signal: context.signal, onLine });

/** What an operation came to, as a report. */
export function judge(
  stack: EngineStack,
  run: EngineRun,
  around: Partial<Surroundings> = {},
): PreviewReport {
  if (run.interrupted)
    throw new Refusal(
      `Interrupted; the engine has ended in order.${run.failed.length === 0 ? "" : ` Of ${run.failed.length} cancelled steps the state may not have the result: run the same command to continue, or with --refresh after a change of the files.`}`,
      ExitCode.Interrupted,
    );
  const { exclusions = [], prices, git } = around;
  return reportOf({ stack: stack.name, run, exclusions, today: todayOf(new Date()), prices, git });
}

async function readSurroundings(
  root: string,
  stack: string,
  base: string | undefined,
): Promise<Surroundings> {
  const [prices, exclusions, files] = await Promise.all([
    readPrices(root, join(root, "stacks", "prices.yaml")),
    readExclusions(root, join(root, "stacks", "policies.json"), todayOf(new Date())),
    base === undefined ? undefined : changedFiles(root, base),
  ]);
  const git =
    base === undefined || files === undefined
      ? undefined
      : causesOf(base, files, { root, stack, ...instanceFiles(root, stack) });
  return { prices, exclusions, git };
}

/**
 * Where the stack's instance files are and what their instances are called; where its values are
 * wrong, what they would be by default.
 */
function instanceFiles(
  root: string,
  stack: string,
): { instancesFolder: string; nameOf: (file: string) => string } {
  const { stack: found } = readStack(root, stack);
  if (found === undefined)
    return { instancesFolder: join("stacks", "instances", stack), nameOf: (file) => file };
  return {
    instancesFolder: found.instancesFolder,
    nameOf: (file) => nameIn(found.environment, file),
  };
}
