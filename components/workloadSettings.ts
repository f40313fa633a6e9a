import type { Input } from "@pulumi/pulumi";
import type { CiClaims, TokenRole } from "./enums.ts";

/**
 * An identity that exists elsewhere: a CI job or a pod that sends a token signed by its issuer. No
 * secret of it is stored.
 */
export interface Workload {
  /**
   * Name in logs, unique among the instance's workloads and tokens,
   * `^[a-z][a-z0-9-]{0,38}[a-z0-9]$`.
   */
  name: string;
  /** Name of one of `platform.issuers`. */
  issuer: string;
  /** What it may do. */
  role: TokenRole;
  /**
   * Claims that its token must have, each with its value as a string; a claim that is a list must
   * contain the value. For the cluster's own issuer exactly `namespace` and `serviceAccount`.
   */
  match: Record<string, string>;
}

/** Signs tokens of workloads: a CI, an OpenID provider, or the cluster. */
export interface TokenIssuer {
  /** Name by which workloads refer to it, `^[a-z][a-z0-9-]{0,38}[a-z0-9]$`. */
  name: string;
  /** The claim `iss` of its tokens, an `https://` URL. Its OpenID configuration is below it. */
  url: string;
  /**
   * The claim `aud` of its tokens, for an issuer that cannot set the instance's URL. A token is then
   * valid for every instance with this audience. Default: the instance's own URL.
   */
  audience?: string;
  /**
   * Its public keys, as the text of a JSON Web Key Set. The server then never contacts it, and a
   * new key requires a change here. Default: the server fetches them.
   */
  keys?: string;
  /** CI system that defines its claims, for the tags of a job's runs and models. Default: none. */
  ci?: CiClaims;
  /**
   * Whether it is the API server of the pods' own cluster. The server then fetches the keys at its
   * in-cluster address, with its service account. Default: false.
   */
  cluster?: boolean;
  /**
   * Addresses of the issuer, as CIDRs; for the cluster those of its API servers. Default: every
   * public address.
   */
  cidrs?: Input<string>[];
  /** Port of the issuer. Default: that of `url`; for the cluster 443. */
  port?: number;
}
