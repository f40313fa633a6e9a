const memoryUnits: Record<string, number> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/**
 * Bytes of a Kubernetes quantity such as `512Mi`; undefined when it is none. A bare number is
 * refused: sizes carry their unit.
 */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)$/.exec(text);
  const factor = memoryUnits[match?.[2] ?? "-"];
  const bytes = match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
  return bytes > 0 ? bytes : undefined;
}

/**
 * Thousandths of a CPU of a Kubernetes quantity such as `250m`, `1` or `1.5`; undefined when it is
 * none.
 */
export function parseMilliCpu(text: string): number | undefined {
  const match = /^(\d+)m$|^(\d+(?:\.\d{1,3})?)$/.exec(text);
  if (match === null) return undefined;
  const milli = match[1] === undefined ? Math.round(Number(match[2]) * 1000) : Number(match[1]);
  return milli > 0 ? milli : undefined;
}

/** A whole number of days, such as `30d`. */
export const daysPattern = /^[1-9][0-9]{0,4}d$/;

/** A whole number of hours or days, such as `6h` or `2d`. */
export const durationPattern = /^[1-9][0-9]{0,4}[hd]$/;

/** Days of a duration such as `30d`; undefined when it is none. */
export const parseDays = (text: string): number | undefined =>
  daysPattern.test(text) ? Number(text.slice(0, -1)) : undefined;

/** Hours of a duration such as `6h` or `2d`; undefined when it is none. */
export const parseHours = (text: string): number | undefined =>
  durationPattern.test(text)
    ? Number(text.slice(0, -1)) * (text.endsWith("d") ? 24 : 1)
    : undefined;

/** Whether the text is a day of the calendar, `YYYY-MM-DD`. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  // JavaScript turns February 30 into March 2 without a word.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
