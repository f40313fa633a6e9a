import type { MaintenanceEvent } from "./events.ts";
import { auditLine } from "./auditLine.ts";
import { counted, kindWord, moment, plain, size } from "./terminalText.ts";

type EventOf<Name extends MaintenanceEvent["event"]> = Extract<MaintenanceEvent, { event: Name }>;

// Columns of fixed width: thousands of lines are shown as they come, so nothing can be measured
// first. The free-form parts stand last.
const verb = (text: string) => text.padEnd(10);
const kind = (text: string) => kindWord(text).padEnd(15);
const id = (text: string) => plain(text).padEnd(37);
const volume = (objects: number, bytes: number) =>
  `${counted(objects, "object").padStart(15)} ${size(bytes).padStart(10)}  `;

/** One event as one line; nothing for what is shown at the end. */
export function lineOf(event: MaintenanceEvent): string | undefined {
  switch (event.event) {
    case "remove":
      return join(
        verb("remove") + kind(event.kind) + id(event.id) + volume(event.objects, event.bytes),
        event.deletedAt ? `deleted ${moment(event.deletedAt)}` : "",
        event.madeAt ? `made ${moment(event.madeAt)}` : "",
        nameOf(event),
      );
    case "keep":
      return join(
        verb("keep") + kind(event.kind) + id(event.id),
        keptBecause(event),
        nameOf(event),
      );
    case "fail":
      return join(
        verb("FAILED") +
          (event.kind ? kind(event.kind) : "") +
          (event.id ? `${id(event.id)} ` : "") +
          plain(event.message),
      );
    case "warning":
      return join(verb("warning") + plain(event.message));
    case "sweep":
      return join(
        verb("sweep") + sweptThing(event.what).padEnd(52) + volume(event.objects, event.bytes),
      );
    case "orphan":
      return join(
        verb("orphan") + size(event.bytes).padStart(10),
        `of ${moment(event.modified)}`,
        plain(event.key),
      );
    case "missing":
      return join(
        verb("missing") + kind(event.kind) + id(event.id),
        `no object at ${plain(event.location)}`,
      );
    case "stale":
      return join(verb("stale") + kind("run") + id(event.id), plain(event.reason), nameOf(event));
    case "restored":
      return join(verb("restored") + kind(event.kind) + id(event.id), nameOf(event));
    case "purge":
      return join(verb("purge") + kind(event.kind) + id(event.id), nameOf(event));
    case "audit":
      return auditLine(event);
    case "use":
    case "summary":
      return undefined;
  }
}

const join = (...parts: string[]): string =>
  parts
    .filter((part) => part !== "")
    .join("  ")
    .trimEnd();

function nameOf(event: {
  name?: string | null | undefined;
  experiment?: string | null | undefined;
  kind?: string;
  id: string;
}): string {
  const { name } = event;
  // An experiment isn't in itself.
  const experiment =
    event.kind === "experiment" && event.experiment === event.id ? undefined : event.experiment;
  const parts = [
    name ? `"${plain(name)}"` : "",
    experiment ? `in experiment ${plain(experiment)}` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

const reasons: Record<string, string> = {
  registered: "registered",
  "keep-tag": 'tag "keep"',
  "keep-running": 'tag "keep-running"',
  "not-in-bucket": "its artifacts lie outside of this instance's bucket",
  elsewhere: "its artifacts lie elsewhere than in its own folder of its experiment",
  overlaps: "its folder is also the place of",
  "unknown-deletion-time": "no time of deletion is known",
  "default-experiment": "MLflow's server needs it to start",
  "impossible-time": "its time can't be true, so it counts from the first night that saw it",
  "holds-kept": "holds something that is kept",
};

function keptBecause({ reason, because }: EventOf<"keep">): string {
  if (reason === "recent" && because && moment(because) !== because)
    return `its grace ends ${moment(because)}`;
  const words = reasons[reason] ?? plain(reason);
  return because ? `${words}: ${moment(because)}` : words;
}

const sweptThings: Record<string, string> = {
  noncurrentVersions: "noncurrent versions past the retention",
  temporary: "temporary artifacts past 7 days",
  uploads: "aborted uploads past 7 days",
  reports: "reports past 365 days",
};
const sweptThing = (what: string): string => sweptThings[what] ?? plain(what);
