import { log } from "@pulumi/pulumi";
import type { Environment } from "../environment/environment.ts";
import { answersOf, type Asked, type Fault } from "../preflight/check.ts";
import { failWith } from "./failWith.ts";
import { checksOf } from "./index.ts";

// Long enough for a slow link, short enough that the slowest of the parallel checks answers within
// 10 s.
const timeoutMs = 8_000;

/**
 * Whether what everything stands on is there and takes us in: found out here, in preview and up
 * alike, and not by the first resource of many after minutes of retries.
 */
export async function preflight(
  environment: Environment,
  asked: Asked,
  placeOf: (fault: Fault) => string | undefined,
  timeout = timeoutMs,
): Promise<void> {
  const { errors, warnings, notes } = await answersOf(checksOf(environment, asked), timeout);
  for (const warning of warnings) await log.warn(warning);
  if (errors.length > 0)
    failWith(
      `Environment ${environment.name} can't be used as it is; nothing was changed:`,
      errors.map((fault) => [placeOf(fault), fault.text].filter(Boolean).join(" ")),
    );
  for (const note of notes) void log.info(note);
}
