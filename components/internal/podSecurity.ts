/** Uid and gid of the image's user. */
const user = 10001;

/** What the `restricted` pod security level asks for, said on the pod and on each container. */
export const podSecurityContext = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  // The mounted secrets are group-readable and not world-readable; only this group reads them.
  fsGroup: user,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

export const containerSecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

/** Mode of mounted secret files: owner and group may read. */
export const secretFileMode = 0o440;

/**
 * The namespace refuses, and the API server warns of and audits, every pod below the restricted
 * level.
 */
export const podSecurityLabels = Object.fromEntries(
  ["enforce", "warn", "audit"].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, "restricted"],
    [`pod-security.kubernetes.io/${mode}-version`, "latest"],
  ]),
);
