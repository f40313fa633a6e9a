// Schedules and time zones that are right or wrong, for two tests: the unit test holds the
// components' rule against them, the engine test the API server's.

/** Schedules that Kubernetes takes. */
export const goodSchedules = [
  "17 2 * * *",
  "*/15 * * * *",
  "0,30 8-18/2 1-7 jan,JUL mon-fri",
  "5/15 * * * *",
  "0 0 ? * 0",
  "0 0 29 2 *",
  "0 0 31 1-12 *",
  // Either day is enough where both are restricted, and a Monday there always is.
  "0 0 30 2 1",
  "  0   0 * *  * ",
  "@daily",
  "@midnight",
  "@hourly",
  "@yearly",
  "@every 2h30m",
  "@every 45m",
];

const names =
  "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every with hours and minutes, such as @every 2h30m";
const numbers =
  "is neither a number, a range such as 1-5, *, nor one of these with a step such as */15";
const fiveFields = "not the 5 of minute, hour, day of the month, month and day of the week";

/** Schedules that Kubernetes refuses, with our reason. */
export const refusedSchedules: [schedule: string, problem: string][] = [
  ["", `has 0 fields, ${fiveFields}`],
  ["17 2 * *", `has 4 fields, ${fiveFields}`],
  ["0 17 2 * * *", `has 6 fields, ${fiveFields}`],
  ["60 2 * * *", 'has "60" as the minute: it is from 0 to 59'],
  ["0 24 * * *", 'has "24" as the hour: it is from 0 to 23'],
  ["0 0 0 * *", 'has "0" as the day of the month: it is from 1 to 31'],
  ["0 0 * 13 *", 'has "13" as the month: it is from 1 to 12'],
  ["0 0 * * 7", 'has "7" as the day of the week: it is from 0 to 6'],
  ["0 0 * mai *", 'has "mai" as the month: "mai" is no month'],
  ["0 jan * * *", 'has "jan" as the hour: "jan" is no hour'],
  ["30-10 * * * *", 'has "30-10" as the minute: 30 is after 10'],
  ["*/0 * * * *", 'has "*/0" as the minute: a step must be at least 1'],
  ["-1 * * * *", `has "-1" as the minute: "-1" ${numbers}`],
  ["TZ=Europe/Berlin 0 2 * * *", "names a time zone; that has a field of its own, timeZone"],
  ["CRON_TZ=UTC 0 2 * * *", "names a time zone; that has a field of its own, timeZone"],
  ["@nightly", `is none of ${names}`],
];

/** Schedules that Kubernetes takes, but that no one means. */
export const uselessSchedules: [schedule: string, problem: string][] = [
  ["0 0 30 2 *", "never comes: no month that it names has such a day"],
  ["0 0 31 4,6,9,11 *", "never comes: no month that it names has such a day"],
  ["1,,2 * * * *", `has "1,,2" as the minute: "" ${numbers}`],
  ["0 2 * * *\n", "has characters other than letters, digits, spaces and * / , -"],
  ["@every 0h", `is none of ${names}`],
];

export const goodTimeZones = [
  "Etc/UTC",
  "UTC",
  "Europe/Berlin",
  "America/Argentina/Buenos_Aires",
  "US/Pacific",
  "Etc/GMT+5",
];

export const refusedTimeZones: [timeZone: string, problem: string][] = [
  ["", "is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC"],
  ["Mars/Olympus", "is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC"],
  ["Local", "is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC"],
  // JavaScript knows these, Kubernetes doesn't.
  ["+01:00", "is no time zone of the IANA list, such as Europe/Berlin or Etc/UTC"],
  ["europe/berlin", "is written Europe/Berlin"],
  ["us/pacific", "is written with capital letters, such as Europe/Berlin or Etc/UTC"],
];
