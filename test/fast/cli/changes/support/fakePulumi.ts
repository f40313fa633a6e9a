import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the CLI does in one operation. */
export interface Operation {
  readonly events: readonly object[];
  readonly exitCode?: number;
  readonly says?: string;
  /** Ends before the program is started: there are no events. */
  readonly refused?: boolean;
}

/**
 * A program named `pulumi` that writes the given events to `--event-log`, in place of an engine;
 * `calls()` gives the arguments of each call, `withoutCheckpoints()` the verbs of those that save
 * no state on the way.
 */
export function fakePulumi(folder: string, operations: Readonly<Record<string, Operation>>) {
  const bin = join(folder, "bin");
  const log = join(folder, "calls.jsonl");
  mkdirSync(bin, { recursive: true });
  writeFileSync(log, "");
  writeFileSync(join(folder, "operations.json"), JSON.stringify(operations));
  writeFileSync(
    join(bin, "pulumi"),
    `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
const { PULUMI_SKIP_CHECKPOINTS: skip } = process.env;
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, skip }) + "\\n");
const { events, exitCode = 0, says = "", refused = false } = JSON.parse(readFileSync(${JSON.stringify(join(folder, "operations.json"))}))[args[0]];
const prelude = { preludeEvent: { config: {} } };
if (!refused) writeFileSync(args[args.indexOf("--event-log") + 1], [prelude, ...events].map((event) => JSON.stringify(event) + "\\n").join(""));
process.stderr.write(says);
process.exitCode = exitCode;
`,
  );
  chmodSync(join(bin, "pulumi"), 0o755);
  const logged = (): { args: string[]; skip?: string }[] =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { args: string[]; skip?: string });
  return {
    path: `${bin}:${process.env["PATH"]}`,
    calls: () => logged().map(({ args }) => args),
    withoutCheckpoints: () =>
      logged().flatMap(({ args: [verb], skip }) => (skip === "true" ? [verb] : [])),
  };
}
