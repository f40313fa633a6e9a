import { Option } from "commander";
import type { Define } from "../context.ts";
import { carryOut, onInstance, type Common } from "../job/carryOut.ts";
import type { Use } from "../job/runJob.ts";
import { plain } from "../job/terminalText.ts";
import { Refusal } from "../refusal.ts";

/** Kinds of rows as they are typed; the image has the same list. */
export const auditKinds = ["changes", "deletions", "aliases", "refusals"] as const;

export interface AuditRequest {
  readonly since: string;
  readonly until?: string;
  readonly who?: string;
  readonly what?: (typeof auditKinds)[number];
}

export const define: Define = (command, context, end) => {
  onInstance(command)
    .requiredOption("--since <time>", "24h, 7d, a day (2026-11-30) or a time (2026-11-30T08:00Z)")
    .option("--until <time>", "as --since; default: now")
    .option("--who <caller>", "token (ci), one generation of it (ci/2), or workload:<name>")
    .addOption(new Option("--what <kind>", "only these rows").choices(auditKinds))
    .action((stack: string, instance: string, options: Common & AuditRequest) =>
      end(() => carryOut(audit(options), { ...options, stack, instance }, context)),
    );
};

/** Prints the rows of the audit, oldest first. */
export function audit({ since, until, who, what }: AuditRequest): Use {
  const wrong = [
    ...timeProblem("--since", since),
    ...(until === undefined ? [] : timeProblem("--until", until)),
    ...(who === undefined || /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(who)
      ? []
      : [
          `--who ${plain(JSON.stringify(who))}: must be a caller such as ci, ci/2 or workload:trainer`,
        ]),
  ];
  if (wrong.length > 0) throw new Refusal(wrong.join("\n"));
  let cutAt = "";
  return {
    command: "audit",
    cronJob: "retention",
    commandLine: [
      "mlflow-instance-audit",
      `--since=${since}`,
      ...(until === undefined ? [] : [`--until=${until}`]),
      ...(who === undefined ? [] : [`--who=${who}`]),
      ...(what === undefined ? [] : [`--what=${what}`]),
    ],
    dryRun: true,
    onEvent: (event) => {
      if (event.event === "summary") cutAt = event.cutAt ?? "";
    },
    left: () =>
      `The rows were cut, because a Job's log has a bound. Go on with --since ${plain(cutAt)}; a row that comes twice has the same id.`,
  };
}

const timePattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?Z)?$/;

function timeProblem(option: string, value: string): string[] {
  const ago = /^(\d{1,6})([hd])$/.exec(value);
  const hours = ago === null ? 0 : Number(ago[1]) * (ago[2] === "d" ? 24 : 1);
  if (hours > 0 && hours <= 3650 * 24) return [];
  if (timePattern.test(value) && isMoment(value)) return [];
  return [
    `${option} ${plain(JSON.stringify(value))}: is not a time; use hours or days before now (24h, 7d), a day (2026-11-30) or a time in UTC (2026-11-30T08:00Z)`,
  ];
}

/** Dates that no calendar has, such as the 30th of February, move on to another day. */
function isMoment(value: string): boolean {
  const read = new Date(value);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(value.slice(0, 10));
}
