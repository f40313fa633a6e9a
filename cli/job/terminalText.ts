import { controls } from "../controls.ts";

// Values as a person reads them, on one line of a terminal.

/**
 * Names come from all who may log a run: what would move the cursor, colour the screen or turn the
 * reading direction is shown as its code. Line breaks of any kind count, so that no name can
 * pretend to be a line of its own.
 */
export const plain = (text: string): string =>
  text.replaceAll(controls, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`);

/** `1.2 MiB`; whole bytes below one KiB. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  // 1023.96 KiB would round to "1024.0 KiB".
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export const amount = (count: number): string => count.toLocaleString("en-US");

export const counted = (count: number, noun: string): string =>
  `${amount(count)} ${noun}${count === 1 ? "" : "s"}`;

/** `2026-11-22 02:17 UTC`; what is no time is shown as it is. */
export function moment(value: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)$/.exec(value);
  return found === null ? plain(value) : `${found[1]} ${found[2]} UTC`;
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const kinds: Record<string, string> = {
  loggedModel: "logged model",
  modelVersion: "model version",
};

/** `loggedModel` as MLflow's users say it. */
export const kindWord = (kind: string): string => kinds[kind] ?? plain(kind);
