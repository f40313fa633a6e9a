import { hostname, userInfo } from "node:os";

/** Who starts a Job, for its annotation and for reports; the cluster's audit log has the login. */
export const requestedBy = (): string => `${userInfo().username}@${hostname()}`;
