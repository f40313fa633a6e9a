import { createHash } from "node:crypto";
import type { MaintenanceSettings, StaleRunsSettings } from "../mlflowInstanceArgs.ts";
import { parseHours } from "./quantities.ts";

/** Settings as a caller has them who passes on what may not be set. */
type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** When a run without a sign of life counts as dead, with the defaults filled in. */
export function resolveStaleRuns(
  settings: Loose<StaleRunsSettings> = {},
): Required<StaleRunsSettings> {
  const after = settings.after ?? "24h";
  // Who only shortens `after` wants no error about an `idle` that they never wrote.
  return { after, idle: settings.idle ?? ((parseHours(after) ?? Infinity) < 6 ? after : "6h") };
}

/** When the jobs run, with the defaults filled in. */
export function resolveMaintenance(
  instanceName: string,
  settings: Loose<MaintenanceSettings> = {},
): Required<MaintenanceSettings> {
  const defaults = defaultSchedules(instanceName);
  return {
    timeZone: settings.timeZone ?? "Etc/UTC",
    retentionSchedule: settings.retentionSchedule ?? defaults.retention,
    staleRunsSchedule: settings.staleRunsSchedule ?? defaults.staleRuns,
  };
}

/**
 * Schedules that follow from the instance's name: the same in every `up`, and different enough that
 * a hundred instances don't all start in the same minute. Retention comes once a night between 1
 * and 5, and the hourly look for stale runs half an hour away from it, because the two exclude each
 * other.
 */
export function defaultSchedules(instanceName: string): { retention: string; staleRuns: string } {
  const hash = createHash("sha256").update(instanceName).digest();
  const minute = hash.readUInt32BE(0) % 60;
  const hour = 1 + (hash.readUInt32BE(4) % 4);
  return { retention: `${minute} ${hour} * * *`, staleRuns: `${(minute + 30) % 60} * * * *` };
}
