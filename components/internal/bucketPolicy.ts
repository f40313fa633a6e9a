/** Folder in the bucket for the plans and reports of the maintenance jobs. */
export const maintenancePrefix = "maintenance";

/** What the policy needs to know, every value resolved. */
export interface BucketPolicyFacts {
  bucket: string;
  instancePrincipal: string;
  /** Principal of the maintenance jobs; the instance's own where the store gives one user per bucket. */
  maintenancePrincipal: string;
  adminPrincipals: string[];
  tlsOnly: boolean;
  denyOthers: boolean;
}

/**
 * The bucket's policy document. A store such as versitygw refuses everyone whom a policy doesn't name, the owner included, so the
 * administrators are named too, or the next `up` could not change the bucket any more.
 */
export function bucketPolicy(facts: BucketPolicyFacts): string {
  const bucketArn = `arn:aws:s3:::${facts.bucket}`;
  const everything = [bucketArn, `${bucketArn}/*`];
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "InstanceListsBucket",
        Effect: "Allow",
        Principal: { AWS: [facts.instancePrincipal] },
        Action: ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
        Resource: [bucketArn],
      },
      {
        // No s3:DeleteObjectVersion: what the instance deletes can be brought back from a versioned bucket.
        Sid: "InstanceUsesObjects",
        Effect: "Allow",
        Principal: { AWS: [facts.instancePrincipal] },
        Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        Resource: [`${bucketArn}/*`],
      },
      {
        Sid: "MaintenanceLists",
        Effect: "Allow",
        Principal: { AWS: [facts.maintenancePrincipal] },
        Action: ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation"],
        Resource: [bucketArn],
      },
      {
        // No s3:GetObject: what is removed need not be read.
        Sid: "MaintenanceRemoves",
        Effect: "Allow",
        Principal: { AWS: [facts.maintenancePrincipal] },
        Action: ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
        Resource: [`${bucketArn}/*`],
      },
      {
        Sid: "MaintenanceReports",
        Effect: "Allow",
        Principal: { AWS: [facts.maintenancePrincipal] },
        Action: ["s3:GetObject", "s3:PutObject"],
        Resource: [`${bucketArn}/${maintenancePrefix}/*`],
      },
      { Sid: "AdminsManage", Effect: "Allow", Principal: { AWS: facts.adminPrincipals }, Action: ["s3:*"], Resource: everything },
      ...(facts.tlsOnly
        ? [
            {
              Sid: "RefusePlainHttp",
              Effect: "Deny",
              Principal: "*",
              Action: ["s3:*"],
              Resource: everything,
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
          ]
        : []),
      ...(facts.denyOthers
        ? [
            {
              // By condition and not by NotPrincipal, which a role's session does not match reliably.
              Sid: "RefuseOthers",
              Effect: "Deny",
              Principal: "*",
              Action: ["s3:*"],
              Resource: everything,
              Condition: {
                StringNotEquals: {
                  "aws:PrincipalArn": [...new Set([facts.instancePrincipal, facts.maintenancePrincipal, ...facts.adminPrincipals])],
                },
              },
            },
          ]
        : []),
    ],
  });
}
