export { DatabaseServer } from "./databaseServer.ts";
export { MlflowInstance } from "./mlflowInstance.ts";
export type { IssuedToken } from "./accessTokens.ts";
export * from "./model.ts";
