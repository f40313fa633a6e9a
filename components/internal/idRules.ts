import { arnParts } from "./arns.ts";
import { isCidr } from "./syntax.ts";

/** The rule of an id that other resources may make. */
export interface IdRule {
  readonly holds: (value: string) => boolean;
  readonly reason: string;
}

const isArn = (value: string, service: string, resource: RegExp): boolean => {
  const parts = arnParts(value);
  return parts?.service === service && resource.test(parts.resource);
};

export const idRules = {
  oidcProviderArn: {
    holds: (value) => isArn(value, "iam", /^oidc-provider\/[^/]+/),
    reason:
      "must be the ARN of an OIDC provider in IAM, arn:aws:iam::<account>:oidc-provider/<issuer without https://>",
  },
  clusterName: {
    holds: (value) => /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/.test(value),
    reason: "must be the name of an EKS cluster",
  },
  permissionsBoundaryArn: {
    holds: (value) => isArn(value, "iam", /^policy\//),
    reason: "must be the ARN of a policy, arn:aws:iam::<account>:policy/…",
  },
  // Not an alias: policies know keys only by themselves.
  kmsKeyArn: {
    holds: (value) => isArn(value, "kms", /^key\//),
    reason: "must be the ARN of a key, arn:aws:kms:<region>:<account>:key/…, and of no alias",
  },
  certificateArn: {
    holds: (value) => isArn(value, "acm", /^certificate\//),
    reason: "must be the ARN of a certificate, arn:aws:acm:<region>:<account>:certificate/…",
  },
  dnsZoneId: {
    holds: (value) => /^Z[A-Z0-9]{1,31}$/.test(value),
    reason: "must be the id of a hosted zone, Z…",
  },
  securityGroup: {
    holds: (value) => /^sg-[0-9a-f]+$/.test(value),
    reason: "must be the id of a security group: sg-…",
  },
  clientCidr: {
    holds: (value) => isCidr(value) && !value.endsWith("/0"),
    reason: "must be a CIDR such as 10.0.0.0/16, and not the whole internet",
  },
  cidr: { holds: isCidr, reason: "must be a CIDR such as 10.0.0.5/32" },
  databaseHost: {
    holds: (value) => value !== "" && !/[\s/@]/.test(value),
    reason: "must be a host name or an address, without scheme and port",
  },
  // To a bucket's policy `*` is every principal.
  principal: {
    holds: (value) => value !== "" && value !== "*",
    reason: "must be one user or role, not a wildcard",
  },
  text: { holds: (value) => value !== "", reason: "must not be empty" },
} satisfies Record<string, IdRule>;
