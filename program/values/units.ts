import {
  daysPattern,
  durationPattern,
  parseBytes,
  parseDays,
} from "@mlflow-instances/components/internal";
import { z } from "zod";
import { expected } from "./wrongValue.ts";

// Unit-typed strings: a bare `30` could be days, hours or seconds, and a review can't tell which
// was meant.

const sizePattern = /^[1-9][0-9]{0,5}(Mi|Gi)$/;
const cpuPattern = /^[1-9][0-9]{0,5}m$/;

const unitString = (pattern: RegExp, what: string) =>
  z.string({ error: expected(what) }).regex(pattern, { error: expected(what) });

/** A whole number of days, such as `30d`. */
export const days = unitString(
  daysPattern,
  "a whole number of days with its unit, for example 30d",
);

/** A whole number of hours or days, for example `6h` or `2d`. */
export const duration = unitString(
  durationPattern,
  "a whole number of hours or days with its unit, for example 6h or 2d",
);

/** A size in binary units, for example `512Mi` or `20Gi`. */
export const size = unitString(sizePattern, "a size with its unit, for example 512Mi or 20Gi");

/** A share of processor cores in thousandths, for example `250m`. */
export const cpu = unitString(
  cpuPattern,
  "thousandths of a core with their unit, for example 250m",
);

/** The number of days in a value that `days` accepted. */
export const daysOf = (value: string): number => parseDays(value)!;

/** The number of bytes in a value that `size` accepted. */
export const bytesOf = (value: string): number => parseBytes(value)!;
