/** One field of a cron expression, with the words that Kubernetes knows in it. */
interface Field {
  name: string;
  least: number;
  most: number;
  words: string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const fields: [Field, Field, Field, Field, Field] = [
  { name: "minute", least: 0, most: 59, words: [] },
  { name: "hour", least: 0, most: 23, words: [] },
  { name: "day of the month", least: 1, most: 31, words: [] },
  { name: "month", least: 1, most: 12, words: months },
  // 7 is no Sunday here, unlike in other crons.
  {
    name: "day of the week",
    least: 0,
    most: 6,
    words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
  },
];

const names = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** Most days that a month can have. */
const lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Values {
  values: Set<number>;
  /**
   * Whether it is `*`: of the two fields for days, one that isn't restricted doesn't widen the
   * other.
   */
  open: boolean;
}

/**
 * Why Kubernetes would refuse a CronJob's schedule, or never start it; undefined for a good one. It
 * is its rule (robfig/cron, standard parser), so that a wrong schedule is found before anything is
 * made, and not by the API server in the middle.
 */
export function cronProblem(schedule: string): string | undefined {
  if (/TZ=/i.test(schedule)) return "names a time zone; that has a field of its own, timeZone";
  if (schedule.startsWith("@")) return descriptorProblem(schedule);
  if (/[^\x20-\x7e]/.test(schedule))
    return "has characters other than letters, digits, spaces and * / , -";
  const parts = schedule.split(" ").filter((part) => part !== "");
  if (parts.length !== fields.length) {
    return `has ${parts.length} fields, not the 5 of minute, hour, day of the month, month and day of the week`;
  }
  const parsed: Values[] = [];
  for (const [index, field] of fields.entries()) {
    const values = parseField(parts[index] ?? "", field);
    if ("problem" in values) return `has "${parts[index]}" as the ${field.name}: ${values.problem}`;
    parsed.push(values);
  }
  return fires(parsed) ? undefined : "never comes: no month that it names has such a day";
}

function descriptorProblem(schedule: string): string | undefined {
  const every = /^@every (?:(\d{1,4})h)?(?:(\d{1,4})m)?$/.exec(schedule);
  if (every !== null && Number(every[1] ?? 0) + Number(every[2] ?? 0) > 0) return undefined;
  return names.includes(schedule)
    ? undefined
    : `is none of ${names.join(", ")} and @every with hours and minutes, such as @every 2h30m`;
}

function parseField(text: string, field: Field): Values | { problem: string } {
  const values = new Set<number>();
  let open = false;
  for (const item of text.split(",")) {
    const range = parseRange(item, field);
    if ("problem" in range) return range;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
    open ||= range.open;
  }
  return { values, open };
}

function parseRange(
  item: string,
  field: Field,
): { from: number; to: number; step: number; open: boolean } | { problem: string } {
  const match = /^(?:(\*|\?)|([a-z]+|\d{1,4})(?:-([a-z]+|\d{1,4}))?)(?:\/(\d{1,4}))?$/i.exec(item);
  if (match === null)
    return {
      problem: `"${item}" is neither a number, a range such as 1-5, *, nor one of these with a step such as */15`,
    };
  const [, star, low = "", high, stepText] = match;
  const step = Number(stepText ?? 1);
  const from = star === undefined ? valueOf(low, field) : field.least;
  // A single number with a step goes on to the end: 5/15 is 5, 20, 35 and 50.
  const to =
    star !== undefined || (high === undefined && stepText !== undefined)
      ? field.most
      : valueOf(high ?? low, field);
  if (from === undefined || to === undefined)
    return { problem: `"${from === undefined ? low : high}" is no ${field.name}` };
  if (from < field.least || to > field.most)
    return { problem: `it is from ${field.least} to ${field.most}` };
  if (from > to) return { problem: `${from} is after ${to}` };
  if (step === 0) return { problem: "a step must be at least 1" };
  return { from, to, step, open: star !== undefined && step === 1 };
}

function valueOf(text: string, field: Field): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const index = field.words.indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + field.least;
}

/**
 * Whether a day ever comes: where both fields for days are restricted either is enough, and every
 * week has every weekday.
 */
function fires(parsed: Values[]): boolean {
  const [, , days, inMonths, weekdays] = parsed;
  if (days === undefined || inMonths === undefined || weekdays === undefined) return false;
  if (!days.open && !weekdays.open) return true;
  return [...inMonths.values].some(
    (month) => Math.min(...days.values) <= (lengths[month - 1] ?? 0),
  );
}

/** Why Kubernetes would refuse a time zone, or undefined for a good one. */
export function timeZoneProblem(timeZone: string): string | undefined {
  const resolved = canonical(timeZone);
  // JavaScript also takes offsets and any case, which Kubernetes doesn't.
  if (resolved === undefined || /^[+-]/.test(timeZone))
    return "is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC";
  if (resolved !== timeZone && resolved.toLowerCase() === timeZone.toLowerCase())
    return `is written ${resolved}`;
  return timeZone.split("/").every((part) => /^[A-Z]/.test(part))
    ? undefined
    : "is written with capital letters, such as Europe/Berlin or Etc/UTC";
}

function canonical(timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
