// What AWS holds of an instance, asked of the services themselves.
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  ListRolePoliciesCommand,
  type IAMClient,
} from "@aws-sdk/client-iam";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { PolicyDocument } from "../../fast/aws/policyEvaluator.ts";

const tagsOf = (
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));

export async function heldBucket(s3: S3Client, Bucket: string) {
  const [versioning, encryption, access, ownership, policy, lifecycle, tags] = await Promise.all([
    s3.send(new GetBucketVersioningCommand({ Bucket })),
    s3.send(new GetBucketEncryptionCommand({ Bucket })),
    s3.send(new GetPublicAccessBlockCommand({ Bucket })),
    s3.send(new GetBucketOwnershipControlsCommand({ Bucket })),
    s3.send(new GetBucketPolicyCommand({ Bucket })),
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    s3.send(new GetBucketTaggingCommand({ Bucket })),
  ]);
  return {
    versioning: versioning.Status,
    encryption: encryption.ServerSideEncryptionConfiguration?.Rules,
    publicAccessBlock: access.PublicAccessBlockConfiguration,
    ownership: ownership.OwnershipControls?.Rules,
    policy: JSON.parse(policy.Policy ?? "") as PolicyDocument,
    lifecycle: Object.fromEntries(
      (lifecycle.Rules ?? []).map(({ ID = "", ...rule }) => [ID, rule]),
    ),
    tags: tagsOf(tags.TagSet),
  };
}

const document = (text: string | undefined): PolicyDocument =>
  JSON.parse(decodeURIComponent(text ?? "")) as PolicyDocument;

export async function heldRole(iam: IAMClient, RoleName: string) {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const policies = await Promise.all(
    PolicyNames.map(async (PolicyName) =>
      document((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument),
    ),
  );
  return {
    arn: Role?.Arn ?? "",
    boundary: Role?.PermissionsBoundary?.PermissionsBoundaryArn,
    trust: document(Role?.AssumeRolePolicyDocument),
    policyNames: PolicyNames,
    policies,
    tags: tagsOf(Role?.Tags),
  };
}
