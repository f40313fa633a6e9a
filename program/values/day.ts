import { z } from "zod";
import { expected } from "./wrongValue.ts";

const error = expected("a date such as 2027-02-20");

// Pulumi reads an unquoted date of a stack file as a time, and writes that into the file.
const withoutTime = (text: string): string => text.replace(/[ T]00:00:00( \+0000 UTC|Z)$/, "");

/** A day, `YYYY-MM-DD`. */
export const day = z
  .string({ error })
  .overwrite(withoutTime)
  .pipe(z.iso.date({ error }))
  .meta({ format: "date" });
