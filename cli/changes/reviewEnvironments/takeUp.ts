import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { EngineRun, EngineStack } from "../engine.ts";
import { ExitCode } from "../../exitCode.ts";
import { failure, Refusal } from "../../refusal.ts";
import type { Backend } from "./backend.ts";
import { withPendingCreates, type ExportedState } from "../pendingCreates.ts";

/** Who holds a stack's lock, as the CLI tells it. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/**
 * After this, no update of a review environment is still at work: the lock of another machine is a
 * dead one's.
 */
const longestUpdateMs = 60 * 60 * 1000;

/** The holders in the CLI's refusal to touch a locked stack; none when it says something else. */
export const holdersIn = (message: string): Holder[] =>
  [...message.matchAll(/created by \S*@(\S+) \(pid (\d+)\) at (\S+)/g)].map(
    ([, host = "", pid = "", since = ""]) => ({
      host,
      pid: Number(pid),
      since,
    }),
  );

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** Whether a holder may still be at work; of another machine's process only the clock can tell. */
export const mayWork = ({ host, pid, since }: Holder, now: Date, alive = isAlive): boolean =>
  host === hostname() ? alive(pid) : now.getTime() - Date.parse(since) < longestUpdateMs;

// A lock that was cut off while it was written has no holder in it; the CLI then fails on the file
// itself.
const isLock = (message: string): boolean =>
  /currently locked by|unexpected end of JSON input/.test(message);

/** Runs what needs the stack's lock; takes away a lock whose process is gone. */
async function freed<T>(
  stack: EngineStack,
  note: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || !isLock(error.message)) throw error;
    const busy = holdersIn(error.message).find((holder) => mayWork(holder, new Date()));
    if (busy !== undefined) {
      const who = `process ${busy.pid} of ${busy.host} since ${busy.since}`;
      throw new Refusal(
        `${stack.name} is being updated by ${who}; wait for its end, or free it with \`pulumi cancel --stack ${stack.name}\` if that is gone`,
        ExitCode.Locked,
      );
    }
    note(`${stack.name}: the lock of an update that is gone is taken away`);
    await stack.run(["cancel", "--yes"]);
    return work();
  }
}

/**
 * Takes up after an update that was cut short, then does the work: what it was making is in the
 * state again, so that nothing is left behind or in the way.
 */
export async function takeUp(
  stack: EngineStack,
  { run }: Pick<Backend, "run">,
  note: (line: string) => void,
  work: () => Promise<EngineRun>,
): Promise<EngineRun> {
  return freed(stack, note, async () => {
    const state = JSON.parse(
      await run(["stack", "export", "--stack", stack.name]),
    ) as ExportedState;
    const pending = state.deployment?.pending_operations ?? [];
    if (pending.length > 0) {
      note(
        `${stack.name}: an earlier update was cut off in ${pending.length} operation(s); what exists of them is taken into the state`,
      );
      await stack.run(["stack", "import"], { input: JSON.stringify(withPendingCreates(state)) });
      const refreshed = await stack.refresh();
      if (!refreshed.succeeded)
        throw failure(
          `${stack.name}: what is really there can't be read:\n${refreshed.output.trim()}`,
        );
    }
    return work();
  });
}
