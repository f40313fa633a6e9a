import { parseDays } from "@mlflow-instances/components/internal";
import { bytesOf as quantity } from "../../../policies/model/quantities.ts";

export const mebibyte = 2 ** 20;
export const gibibyte = 2 ** 30;

/**
 * Bytes of a quantity of Kubernetes such as `512Mi`; undefined for what is none, or not known yet.
 */
export function bytesOf(value: unknown): number | undefined {
  const bytes =
    typeof value === "string" || typeof value === "number" ? quantity(value) : undefined;
  return bytes === undefined ? undefined : Math.round(bytes);
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
  bytes === 0
    ? "0"
    : bytes >= gibibyte
      ? `${short(bytes / gibibyte)} GiB`
      : `${short(bytes / mebibyte)} MiB`;
export const showCpu = (milli: number): string => short(milli / 1000);

/** Days of `30d`. */
export const daysOf = (duration: string | undefined): number | undefined =>
  parseDays(duration ?? "");
