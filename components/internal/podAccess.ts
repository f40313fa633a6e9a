import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { PodIdentityMethod } from "../enums.ts";
import { credentialKeys, plainEnv, secretEnv } from "./podParts.ts";

/** A role of AWS that pods take on, and how. */
export interface PodRole {
  method: PodIdentityMethod;
  arn: Input<string>;
}

/** Where a pod's SDK finds its credentials for the bucket. */
export interface PodAccess {
  env: input.core.v1.EnvVar[];
  parts: { volume: input.core.v1.Volume; mount: input.core.v1.VolumeMount }[];
}

/** The key pair in the pod's own secret, or the role. */
export function podAccess(credentialsSecret: Input<string>, role: PodRole | undefined): PodAccess {
  if (role === undefined) {
    const keys = {
      AWS_ACCESS_KEY_ID: credentialKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentialKeys.secretAccessKey,
    };
    return { env: secretEnv(credentialsSecret, keys), parts: [] };
  }
  // EKS' own webhook gives the pod what it needs for the agent, and knows whether the cluster
  // speaks IPv4 or IPv6.
  if (role.method === PodIdentityMethod.PodIdentity) return { env: [], parts: [] };
  return {
    env: plainEnv({
      AWS_ROLE_ARN: role.arn,
      AWS_WEB_IDENTITY_TOKEN_FILE: `${tokenFolder}/${tokenFile}`,
    }),
    parts: [tokenVolume],
  };
}

const tokenFolder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const tokenFile = "token";

/**
 * A token for AWS alone, whatever `automountServiceAccountToken` says. Under the names
 * that the webhook of EKS uses, which then adds nothing: without it a pod that starts sooner than
 * the webhook knows its account would have no credentials for as long as it lives, and one whose
 * role changes would keep the old one.
 */
const tokenVolume = {
  volume: {
    name: "aws-iam-token",
    projected: {
      sources: [
        {
          serviceAccountToken: {
            audience: "sts.amazonaws.com",
            expirationSeconds: 86400,
            path: tokenFile,
          },
        },
      ],
    },
  },
  mount: { name: "aws-iam-token", mountPath: tokenFolder, readOnly: true },
};

/**
 * Says on the ServiceAccount which role its pods take on; with EKS Pod Identity an association says
 * it.
 */
export function accountAnnotations(role: PodRole | undefined): {
  annotations?: Record<string, Input<string>>;
} {
  return role?.method === PodIdentityMethod.Irsa
    ? { annotations: { "eks.amazonaws.com/role-arn": role.arn } }
    : {};
}
