import type { MaintenanceEvent, Summary } from "./events.ts";
import { amount, counted, duration, kindWord, plain, size } from "./words.ts";

/** Adds up what went by, so that a list of thousands of lines ends with what it says. */
export class Totals {
  readonly #counts = new Map<string, { lines: number; objects: number; bytes: number; by: Map<string, number> }>();

  add(event: MaintenanceEvent): void {
    if (event.event === "summary") return;
    const of = this.#counts.get(event.event) ?? { lines: 0, objects: 0, bytes: 0, by: new Map<string, number>() };
    of.lines++;
    if (event.event === "remove" || event.event === "sweep") of.objects += event.objects;
    if (event.event === "remove" || event.event === "sweep" || event.event === "orphan") of.bytes += event.bytes;
    const group = groupOf(event);
    if (group !== undefined) of.by.set(group, (of.by.get(group) ?? 0) + 1);
    this.#counts.set(event.event, of);
  }

  lines(dryRun: boolean): string[] {
    return order.flatMap((event) => {
      const of = this.#counts.get(event);
      if (of === undefined) return [];
      const groups = [...of.by]
        .map(([group, count]) => (event === "keep" ? `${amount(count)} ${group}` : counted(count, group)))
        .join(", ");
      const volume = of.bytes > 0 || of.objects > 0 ? `${of.objects > 0 ? `${counted(of.objects, "object")}, ` : ""}${size(of.bytes)}` : "";
      return [[`${titles[event](dryRun)}:`, groups || amount(of.lines), volume && `(${volume})`].filter((part) => part !== "").join(" ")];
    });
  }
}

type Counted = Exclude<MaintenanceEvent["event"], "summary">;

const titles: Record<Counted, (dryRun: boolean) => string> = {
  remove: (dryRun) => (dryRun ? "To be removed" : "Removed"),
  keep: () => "Kept",
  sweep: (dryRun) => (dryRun ? "To be swept" : "Swept"),
  stale: (dryRun) => (dryRun ? "To be set to FAILED" : "Set to FAILED"),
  orphan: (dryRun) => (dryRun ? "Objects without a row" : "Removed objects without a row"),
  missing: () => "Rows without their objects",
  restored: () => "Restored",
  fail: () => "Failed",
};
const order = Object.keys(titles) as Counted[];

function groupOf(event: MaintenanceEvent): string | undefined {
  switch (event.event) {
    case "remove":
    case "restored":
    case "missing":
      return kindWord(event.kind);
    case "keep":
      return plain(event.reason);
    case "fail":
      return event.kind ? kindWord(event.kind) : undefined;
    default:
      return undefined;
  }
}

/** The command's own last word: what it counted, whatever that is in the version that runs there. */
export function summaryLines(summary: Summary): string[] {
  const { event: _event, command, instance, dryRun, startedAt, finishedAt, ...rest } = summary;
  const took = Date.parse(finishedAt) - Date.parse(startedAt);
  const time = Number.isNaN(took) ? "" : ` in ${duration(took)}`;
  const title = `${plain(command)} of ${plain(instance)}${dryRun ? " (dry run, nothing was changed)" : ""}${time}`;
  return [title, ...flat(rest).map(([name, value]) => `  ${name}: ${value}`)];
}

function flat(value: Record<string, unknown>, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([key, part]): [string, string][] => {
    const name = `${prefix}${plain(key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))}`;
    if (part === null || part === undefined) return [];
    if (typeof part === "number") return [[name, /bytes$/i.test(key) ? size(part) : amount(part)]];
    if (typeof part === "object") return flat(part as Record<string, unknown>, `${name} `);
    return [[name, plain(typeof part === "string" ? part : JSON.stringify(part))]];
  });
}
