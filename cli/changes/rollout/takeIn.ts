import type { Context } from "../../context.ts";
import { openStack, type EngineRun } from "../engine.ts";
import type { EngineOptions } from "../engineProcess.ts";

/**
 * Takes into the state what an update has changed before it failed. What was changed when the update
 * was ended is not there: a file that is taken back would find nothing to change, and the pod that
 * can't run would stay. After a Ctrl-C nothing more is begun; the page says what to do.
 */
export async function takeIn(
  { root, signal, note, during }: Pick<Context, "root" | "signal" | "note" | "during">,
  stack: string,
  { succeeded, failed }: EngineRun,
  { env }: Pick<EngineOptions, "env"> = {},
): Promise<void> {
  const urns = failed.filter(({ op }) => op === "update").map(({ urn }) => urn);
  if (succeeded || signal.aborted || urns.length === 0) return;
  const refreshed = await during("Taking what was changed into the state", async () =>
    (await openStack(root, stack, { signal, env })).refresh({ urns }),
  );
  if (!refreshed.succeeded)
    note(
      `The state may not have what this update changed: once its cause is mended, run \`deploy ${stack} --refresh\`.`,
    );
}
