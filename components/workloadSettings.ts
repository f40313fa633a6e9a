import type { Input } from "@pulumi/pulumi";
import type { CiClaims, TokenRole } from "./enums.ts";

/**
 * An identity that exists elsewhere: a CI job or a pod that sends a token which its issuer has
 * signed. Nothing of it is stored.
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
   * Claims that its token has to have, each with its value as text; a claim that is a list has to
   * hold the value. For the cluster's own issuer exactly `namespace` and `serviceAccount`.
   */
  match: Record<string, string>;
}

/** Signs tokens of workloads: a CI, an OpenID provider, or the cluster. */
export interface TokenIssuer {
  /** Name by which workloads refer to it, `^[a-z][a-z0-9-]{0,38}[a-z0-9]$`. */
  name: string;
  /** The claim `iss` of its tokens, an `https://` URL; its keys are announced below it. */
  url: string;
  /**
   * The claim `aud` of its tokens, for an issuer that can't be asked for another. A token is then
   * good for every instance with this audience. Default: the instance's own URL.
   */
  audience?: string;
  /**
   * Its public keys, as the text of a JSON Web Key Set. Then it is never asked, and a new key is a
   * change here. Default: the server asks it for them.
   */
  keys?: string;
  /** Whose claims its tokens have, for the tags of what a job creates. Default: neither's. */
  ci?: CiClaims;
  /**
   * The API server of the pods' own cluster: it is asked at its address in the cluster, as the
   * server's service account. Default: false.
   */
  cluster?: boolean;
  /**
   * Where it answers, as CIDRs; for the cluster its API servers' own addresses. Default: every
   * public address.
   */
  cidrs?: Input<string>[];
  /** Port at which it answers. Default: that of `url`; for the cluster 443. */
  port?: number;
}
