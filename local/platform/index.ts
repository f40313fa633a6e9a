/** The embedded platform: Kubernetes, PostgreSQL, an object store and an ingress on a bare machine, in namespaces of their own. */
export { hasImage, importImage, type ImageArchive } from "./images.ts";
export { platformLogs, type LogOptions } from "./logs.ts";
export { ensureObjectStoreUser, ensureObjectStoreUsers, removeObjectStoreUser, type ObjectStoreUser } from "./objectStoreUsers.ts";
export { serviceNames } from "./services.ts";
export { startPlatform } from "./start.ts";
export { networkPolicyStatus, platformStatus } from "./status.ts";
export { resetPlatform, stopPlatform } from "./stop.ts";
export type { NetworkPolicyEnforcement, PlatformValues, ServiceStatus } from "./values.ts";
