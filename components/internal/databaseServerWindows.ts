const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const day = 24 * 60;
const week = 7 * day;

/** A span of minutes; `start` counts from midnight, or from Monday's in a window of the week. */
interface Window {
  start: number;
  length: number;
}

function minutes(hours: string, rest: string): number | undefined {
  const value = Number(hours) * 60 + Number(rest);
  return Number(hours) < 24 && Number(rest) < 60 ? value : undefined;
}

/** A window of every day, `hh:mm-hh:mm`; it may cross midnight. */
export function parseDailyWindow(text: string): Window | undefined {
  const [, fromHour = "", fromMinute = "", toHour = "", toMinute = ""] =
    /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text) ?? [];
  return span(minutes(fromHour || "99", fromMinute), minutes(toHour || "99", toMinute), day);
}

/** A window of every week, `ddd:hh:mm-ddd:hh:mm`; it may cross Sunday's midnight. */
export function parseWeeklyWindow(text: string): Window | undefined {
  const match = /^([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const at = (name = "", hours = "", rest = ""): number | undefined => {
    const [index, time] = [days.indexOf(name), minutes(hours, rest)];
    return index < 0 || time === undefined ? undefined : index * day + time;
  };
  return span(at(match[1], match[2], match[3]), at(match[4], match[5], match[6]), week);
}

function span(
  start: number | undefined,
  end: number | undefined,
  whole: number,
): Window | undefined {
  if (start === undefined || end === undefined || start === end) return undefined;
  return { start, length: (end - start + whole) % whole };
}

/** Whether the backup of some day would fall into the week's maintenance: RDS refuses that. */
export function overlap(daily: Window, weekly: Window): boolean {
  return days.some((_name, index) => {
    const start = index * day + daily.start;
    // Both ways round the week.
    return (
      (weekly.start - start + week) % week < daily.length ||
      (start - weekly.start + week) % week < weekly.length
    );
  });
}
