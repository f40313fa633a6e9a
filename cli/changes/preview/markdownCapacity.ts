import type { Capacity } from "./facts.ts";
import { showBytes, showCpu } from "./quantities.ts";
import type { PreviewReport, Sides } from "./report.ts";

const rows: readonly (readonly [string, (capacity: Capacity) => string])[] = [
  ["Replicas", ({ replicas }) => String(replicas)],
  ["CPU requested", ({ cpuMilli }) => showCpu(cpuMilli)],
  ["Memory requested", ({ memoryBytes }) => showBytes(memoryBytes)],
  ["Temporary storage", ({ temporaryBytes }) => showBytes(temporaryBytes)],
  ["Database connections", ({ connections }) => String(connections)],
  ["Databases", ({ databases }) => String(databases)],
  ["Storage class", ({ storageClasses }) => storageClasses.join(", ")],
];

/** Both sides as a table, or one line where they are the same. */
export function capacityTable({ before, after }: Sides<Capacity>): string {
  const cells = rows.map(([name, show]) => [name, show(before), show(after)] as const);
  if (cells.every(([, old, next]) => old === next))
    return `As before: ${cells.map(([name, , next]) => `${inText(name)} ${next || "none"}`).join(", ")}.`;
  return [
    "| | before | after |",
    "|---|---|---|",
    ...cells.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

const inText = (name: string): string => (name.startsWith("CPU") ? name : name.toLowerCase());

/** What changes of it, on one line; empty when nothing does. */
export function capacityLine(
  { before, after }: Sides<Capacity>,
  state: "new" | "changed" | "gone",
): string {
  const changed = rows.flatMap(([name, show]) => {
    const [old, next] = [show(before), show(after)];
    if (old === next) return [];
    return [
      `${inText(name)} ${state === "new" ? next : state === "gone" ? old : `${old} → ${next}`}`,
    ];
  });
  return changed.length === 0
    ? ""
    : `${state === "gone" ? "Capacity that is free again" : "Capacity"}: ${changed.join(", ")}.`;
}

const amount = (value: number): string => value.toFixed(2);

export function money({ before, after }: Sides<number>, currency: string): string {
  const difference = after - before;
  const sign = difference > 0 ? "+" : "−";
  return before === after
    ? `${amount(after)} ${currency}, as before`
    : `${amount(before)} → ${amount(after)} ${currency} (${sign}${amount(Math.abs(difference))})`;
}

/** Nothing at all without a price table. */
export function costLines({ cost, capacity }: PreviewReport): string[] {
  if (cost === undefined || capacity === undefined) return [];
  const { currency, date, source, storageGiB } = cost.prices;
  const classes = capacity.after.storageClasses.map((name) => {
    const rate = storageGiB[name];
    return rate === undefined
      ? `${name} has no price in the table`
      : `${rate} ${currency} per GiB and month in ${name}`;
  });
  const bucket = classes.length === 0 ? "" : ` (${classes.join(", ")})`;
  return [
    `Monthly cost (estimate): ${money(cost.monthly, currency)}. Prices of ${date}: ${source}. Not in it: what the buckets hold, which a preview can't know${bucket}, traffic, and the platform itself.`,
  ];
}
