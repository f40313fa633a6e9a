// What the codes of a failed connection mean, in words for the user.

const untrusted = "its certificate is not signed by a trusted authority";

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name can't be resolved now",
  ETIMEDOUT: "no answer in time",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ECONNRESET: "the connection was closed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_HAS_EXPIRED: "its certificate has expired",
};

/**
 * The reason for an error code; `caSetting` is the provider's setting that names the authorities.
 * Undefined for any other code.
 */
export function connectionReason(code: string | undefined, caSetting: string): string | undefined {
  const reason = code === undefined ? undefined : reasons[code];
  return reason === untrusted ? `${untrusted} (${caSetting})` : reason;
}
