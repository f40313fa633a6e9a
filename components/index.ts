export { DatabaseServer } from "./databaseServer.ts";
export { MlflowInstance } from "./mlflowInstance.ts";
export type { IssuedToken } from "./accessTokens.ts";
export type { DatabaseServerArgs } from "./databaseServerArgs.ts";
export type * from "./mlflowInstanceArgs.ts";
export type * from "./mlflowPlatformArgs.ts";
export type * from "./platformSettings.ts";
export * from "./enums.ts";
export { objectStorePluginVersion } from "./internal/objectStorePlugin.ts";
