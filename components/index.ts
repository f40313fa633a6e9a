export { MlflowInstance } from "./mlflowInstance.ts";
export type { IssuedToken } from "./accessTokens.ts";
export {
  ArtifactsAccess,
  SslMode,
  Tier,
  TlsSource,
  TokenRole,
  type AccessToken,
  type BucketCredentials,
  type BucketSettings,
  type DatabaseSettings,
  type IngressSettings,
  type IngressTls,
  type MlflowInstanceArgs,
  type NetworkSettings,
  type ServerResources,
} from "./mlflowInstanceArgs.ts";
export { databaseName, instanceNamePattern, namespaceName, tokenNamePattern } from "./internal/names.ts";
export { defaultResources, tierDefaults, type TierDefaults } from "./internal/tiers.ts";
export { parseBytes, parseDays } from "./internal/quantities.ts";
