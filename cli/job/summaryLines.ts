import type { Summary } from "./events.ts";
import { amount, counted, duration, moment, plain, size } from "./terminalText.ts";

/**
 * The command's last word, as a person reads it. What it counts is the image's to say and may grow,
 * so whatever is there is shown: a group of counts on a line, zeros left out.
 */
export function summaryLines(summary: Summary): string[] {
  const { event: _event, command, instance, dryRun, startedAt, finishedAt, ...rest } = summary;
  const took = Date.parse(finishedAt) - Date.parse(startedAt);
  const time = Number.isNaN(took) ? "" : `, took ${duration(took)}`;
  const title = `${plain(command)} of ${plain(instance)}${dryRun ? " (dry run: nothing was changed)" : ""}${time}`;
  return [title, ...Object.entries(rest).flatMap(([key, value]) => lineOf(key, value, dryRun))];
}

function lineOf(key: string, value: unknown, dryRun: boolean): string[] {
  const shown = isGroup(value) ? groupWords(value) || "nothing" : words(key, value);
  return shown === undefined ? [] : [`  ${title(key, dryRun)}: ${shown}`];
}

// A dry run's summary has the same counts, of what would be.
const inDryRun: Record<string, string> = {
  removed: "to be removed",
  swept: "to be swept",
  stale: "to be set to FAILED",
  finished: "to be finished",
};

const title = (key: string, dryRun: boolean): string => (dryRun && inDryRun[key]) || spaced(key);

function groupWords(group: Record<string, unknown>): string {
  return Object.entries(group)
    .flatMap(([key, value]): string[] => {
      if (value === 0) return [];
      if (isGroup(value)) {
        const inner = groupWords(value);
        return inner === "" ? [] : [`${spaced(key)} ${inner}`];
      }
      if (typeof value === "number" && isBytes(key)) return [size(value)];
      if (typeof value === "number" && key.endsWith("s"))
        return [counted(value, spaced(key.slice(0, -1)))];
      return [`${spaced(key)} ${words(key, value) ?? "none"}`];
    })
    .join(", ");
}

function words(key: string, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "number") return isBytes(key) ? size(value) : amount(value);
  return typeof value === "string" ? moment(value) : plain(JSON.stringify(value));
}

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isBytes = (key: string): boolean => /bytes$/i.test(key);
/** `loggedModels` as people write it; a reason such as `keep-tag` stays as it is. */
const spaced = (key: string): string =>
  plain(key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
