// For the program of this project only: the model of an instance, without what makes it. No SDK and
// no provider is loaded for it, so that commands which only read files start fast.

export type { DatabaseServerArgs } from "./databaseServerArgs.ts";
export type { NamedServerArgs } from "./internal/databaseServerSettings.ts";
export { masterSecretOf, passwordOf as masterPasswordOf } from "./internal/databaseServerSecret.ts";
export { databaseServerProblems } from "./internal/databaseServerValidation.ts";
export type { Problem as ArgumentProblem } from "./internal/problems.ts";
export { namedArgs, type NamedArgs, type NamedPlatform } from "./internal/namedArgs.ts";
export {
  defaultMlflowVersion,
  resolveInstance,
  type ResolvedInstance,
} from "./internal/resolvedInstance.ts";
export { problemsOf as instanceProblems } from "./internal/validation.ts";
export * from "./enums.ts";
export * from "./mlflowInstanceArgs.ts";
export * from "./mlflowPlatformArgs.ts";
export * from "./monitoringSettings.ts";
export * from "./platformSettings.ts";
export * from "./workloadSettings.ts";
export { hasHooks } from "./internal/acceptance.ts";
export { arnParts } from "./internal/arns.ts";
export {
  databaseName,
  defaultListener,
  instanceNamePattern,
  logicalName,
  maintenanceRoleNames,
  namespaceName,
  tokenNamePattern,
} from "./internal/names.ts";
export { defaultResources, tierDefaults, type TierDefaults } from "./internal/tiers.ts";
export { objectStorePluginVersion } from "./internal/objectStorePlugin.ts";
export { formerTypes, isInstance, types } from "./internal/types.ts";
export { dnsLabel, dnsSubdomain } from "./internal/syntax.ts";
export { sharedStorage } from "./internal/timeouts.ts";
export { bounds, inDays, inHours, isWithin, type Bound } from "./internal/bounds.ts";
export {
  daysPattern,
  durationPattern,
  parseBytes,
  parseDays,
  parseHours,
} from "./internal/quantities.ts";
export { cronProblem, timeZoneProblem } from "./internal/cron.ts";
export { resolveMaintenance, resolveStaleRuns } from "./internal/maintenanceSettings.ts";
export {
  connectionsAvailable,
  connectionsOfInstance,
  leastConnections,
  preferredConnections,
} from "./internal/poolSize.ts";
