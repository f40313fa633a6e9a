import { createHash } from "node:crypto";
import { PodIdentityMethod } from "../enums.ts";
import type { PodIdentity } from "../platformSettings.ts";
import type { BucketFacts } from "./storeFacts.ts";
import { partitionOf } from "./arns.ts";
import { bucketArn, resourcesOf, type Grant } from "./bucketActions.ts";

/** Most characters that IAM takes for a role's name. */
const longestName = 64;

/**
 * Name of a role, which follows the instance and its environment; what is too long keeps its
 * beginning and gets a hash of the whole.
 */
export function roleName(
  environment: string,
  instanceName: string,
  job: "server" | "maintenance",
): string {
  const name = `mlflow-${environment}-${instanceName}-${job}`;
  if (name.length <= longestName) return name;
  const end = `-${createHash("sha256").update(name).digest("hex").slice(0, 8)}-${job}`;
  return name.slice(0, longestName - end.length).replace(/[.-]+$/, "") + end;
}

const defaultRolePath = "/mlflow-instances/";

export function rolePath({ rolePath: path }: Pick<PodIdentity, "rolePath">): string {
  return path ?? defaultRolePath;
}

export interface TrustFacts {
  method: PodIdentityMethod;
  /** ARN of the OIDC provider with IRSA, else the name of the cluster. */
  issuer: string;
  namespace: string;
  /** ServiceAccounts whose pods may take the role on. */
  serviceAccounts: readonly string[];
}

/**
 * The pods that may assume a role: those of these accounts in the instance's own namespace, and no
 * others in the cluster.
 */
export function trustPolicy({ method, issuer, namespace, serviceAccounts }: TrustFacts): string {
  const statement =
    method === PodIdentityMethod.Irsa
      ? trustInIssuer(issuer, namespace, serviceAccounts)
      : trustInAgent(issuer, namespace, serviceAccounts);
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

function trustInIssuer(
  providerArn: string,
  namespace: string,
  serviceAccounts: readonly string[],
): object {
  const issuer = providerArn.slice(providerArn.indexOf("/") + 1);
  return {
    Sid: "PodsOfTheInstance",
    Effect: "Allow",
    Principal: { Federated: providerArn },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: {
        [`${issuer}:aud`]: "sts.amazonaws.com",
        [`${issuer}:sub`]: serviceAccounts.map(
          (account) => `system:serviceaccount:${namespace}:${account}`,
        ),
      },
    },
  };
}

function trustInAgent(
  clusterName: string,
  namespace: string,
  serviceAccounts: readonly string[],
): object {
  return {
    Sid: "PodsOfTheInstance",
    Effect: "Allow",
    Principal: { Service: "pods.eks.amazonaws.com" },
    Action: ["sts:AssumeRole", "sts:TagSession"],
    // EKS says in the session's tags for whom it asks: an association made elsewhere with this role
    // gets no credentials.
    Condition: {
      StringEquals: {
        "aws:RequestTag/eks-cluster-name": clusterName,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": [...serviceAccounts],
      },
    },
  };
}

/** What a role may do: the grants, on this bucket, and what its key has to do for that. */
export function rolePolicy(
  grants: readonly Grant[],
  bucket: Pick<BucketFacts, "name" | "region"> & { readonly kmsKeyArn?: string | undefined },
): string {
  const partition = partitionOf(bucket.region);
  const arn = bucketArn(bucket.name, partition);
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      ...grants.map((grant) => ({
        Sid: grant.sid,
        Effect: "Allow",
        Action: grant.actions,
        Resource: resourcesOf(grant, arn),
      })),
      ...(bucket.kmsKeyArn === undefined
        ? []
        : [
            {
              Sid: "KeyOfTheBucket",
              Effect: "Allow",
              // To write takes both: S3 reads the parts of an upload back to put them together.
              Action: ["kms:Decrypt", "kms:GenerateDataKey"],
              Resource: [bucket.kmsKeyArn],
              Condition: {
                // Instances share a key: only through S3, and only for what lies in this bucket
                // (the context is the bucket with its bucket key, an object without).
                StringEquals: {
                  "kms:ViaService": `s3.${bucket.region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}`,
                },
                StringLike: { "kms:EncryptionContext:aws:s3:arn": [arn, `${arn}/*`] },
              },
            },
          ]),
    ],
  });
}
