import { log } from "@pulumi/pulumi";
import type { Environment, SecretKey } from "../environment.ts";
import type { InstanceSpec } from "../instance.ts";
import { awsChecks } from "./aws.ts";
import { answersOf } from "./check.ts";
import { existingChecks } from "./existing.ts";
import { failWith } from "../problems.ts";

// Long enough for a slow link, short enough that the slowest of the parallel checks answers within 10 s.
const timeoutMs = 8_000;

/** What is asked besides the environment. */
export interface Asked {
  /** The instances that the last update did not have. */
  readonly fresh: readonly InstanceSpec[];
  /** The text of a secret of the config, for a login; it is part of no message. */
  secretText(key: SecretKey): string | undefined;
}

/**
 * Whether what everything stands on is there and takes us in: found out here, in preview and up alike, and not by the first resource of many after minutes of
 * retries.
 */
export async function preflight(environment: Environment, asked: Asked, timeout = timeoutMs): Promise<void> {
  const { platform } = environment;
  const checks = platform.kind === "existing" ? existingChecks(platform, asked) : awsChecks(environment, platform, asked);
  const { errors, notes } = await answersOf(checks, timeout);
  if (errors.length > 0) failWith(`Environment ${environment.name} can't be used as it is; nothing was changed:`, errors);
  for (const note of notes) void log.info(note);
}
