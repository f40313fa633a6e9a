const factors: Readonly<Record<string, number>> = {
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
export const mebibyte = 2 ** 20;
export const gibibyte = 2 ** 30;

/** Bytes of a quantity of Kubernetes such as `512Mi`; undefined for what is none, or not known yet. */
export function bytesOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(value) : null;
  return match === null ? undefined : Math.round(Number(match[1]) * (factors[match[2] ?? ""] ?? 1));
}

/** Thousandths of a processor, of `250m` or `1.5`. */
export function milliOf(value: unknown): number | undefined {
  if (typeof value === "number") return Math.round(value * 1000);
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)(m?)$/.exec(value) : null;
  return match === null ? undefined : Math.round(Number(match[1]) * (match[2] === "m" ? 1 : 1000));
}

/** At most two decimals, and none that say nothing. */
const short = (value: number): string => String(Number(value.toFixed(2)));

export const showBytes = (bytes: number): string =>
  bytes === 0 ? "0" : bytes >= gibibyte ? `${short(bytes / gibibyte)} GiB` : `${short(bytes / mebibyte)} MiB`;
export const showCpu = (milli: number): string => short(milli / 1000);

/** Days of `30d`. */
export const daysOf = (duration: string | undefined): number | undefined => {
  const match = /^(\d+)d$/.exec(duration ?? "");
  return match === null ? undefined : Number(match[1]);
};
