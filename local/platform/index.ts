/**
 * The embedded platform: Kubernetes, PostgreSQL, an object store and an ingress on a bare machine,
 * in namespaces of their own.
 */
export { serviceAccountIssuer } from "./controlPlane.ts";
export { importImage } from "./images.ts";
export { platformLogs } from "./logs.ts";
export { ensureObjectStoreUsers, removeObjectStoreUsers } from "./objectStoreUsers.ts";
export { serviceNames } from "./services.ts";
export { startPlatform } from "./start.ts";
export { networkPolicyStatus, platformStatus } from "./status.ts";
export { resetPlatform, stopPlatform } from "./stop.ts";
export type { PlatformValues } from "./values.ts";
