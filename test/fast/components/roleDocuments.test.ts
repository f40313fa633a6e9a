import { describe, expect, test } from "vitest";
import {
  instanceGrants,
  maintenanceGrants,
  serverGrants,
} from "../../../components/internal/bucketActions.ts";
import {
  roleName,
  rolePath,
  rolePolicy,
  trustPolicy,
} from "../../../components/internal/roleDocuments.ts";

interface Statement {
  Sid: string;
  Effect: string;
  Principal?: unknown;
  Action: string | string[];
  Resource: string[];
  Condition?: unknown;
}
const statementsOf = (document: string) =>
  (JSON.parse(document) as { Version: string; Statement: Statement[] }).Statement;
const bucket = { name: "b", region: "eu-central-1" };
const key = "arn:aws:kms:eu-central-1:123456789012:key/k";

describe("a role's name", () => {
  test("says environment, instance and job", () => {
    expect(roleName("prod", "fraud-detector", "server")).toBe("mlflow-prod-fraud-detector-server");
    expect(roleName("prod", "fraud-detector", "maintenance")).toBe(
      "mlflow-prod-fraud-detector-maintenance",
    );
  });

  test("fits IAM for every environment and instance, and stays another one for each", () => {
    const names = ["a".repeat(63), `${"a".repeat(62)}b`].flatMap((environment) =>
      ["i".repeat(40), `${"i".repeat(39)}j`].flatMap((instance) =>
        (["server", "maintenance"] as const).map((job) => roleName(environment, instance, job)),
      ),
    );
    expect(new Set(names).size).toBe(8);
    for (const name of names) {
      expect(name.length).toBeLessThanOrEqual(64);
      expect(name).toMatch(/^mlflow-a+.*-(server|maintenance)$/);
    }
    expect(roleName("e".repeat(10), "i".repeat(40), "server").length).toBe(64);
    expect(roleName("e".repeat(9), "i".repeat(40), "server")).toBe(
      `mlflow-${"e".repeat(9)}-${"i".repeat(40)}-server`,
    );
  });

  test("has its own path unless another is given", () => {
    expect(rolePath({})).toBe("/mlflow-instances/");
    expect(rolePath({ rolePath: "/" })).toBe("/");
  });
});

describe("the trust", () => {
  const serviceAccounts = ["mlflow", "final-dump"];

  test("with IRSA is in the cluster's issuer, for tokens made for AWS and for these accounts by their full names", () => {
    const oidcProviderArn =
      "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC";
    expect(
      statementsOf(
        trustPolicy({
          method: "irsa",
          issuer: oidcProviderArn,
          namespace: "mlflow-fraud",
          serviceAccounts,
        }),
      ),
    ).toEqual([
      {
        Sid: "PodsOfTheInstance",
        Effect: "Allow",
        Principal: { Federated: oidcProviderArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
            "oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub": [
              "system:serviceaccount:mlflow-fraud:mlflow",
              "system:serviceaccount:mlflow-fraud:final-dump",
            ],
          },
        },
      },
    ]);
  });

  test("with EKS Pod Identity is in EKS, when it asks for these accounts in this cluster and namespace", () => {
    expect(
      statementsOf(
        trustPolicy({
          method: "podIdentity",
          issuer: "mlflow-prod",
          namespace: "mlflow-fraud",
          serviceAccounts,
        }),
      ),
    ).toEqual([
      {
        Sid: "PodsOfTheInstance",
        Effect: "Allow",
        Principal: { Service: "pods.eks.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Condition: {
          StringEquals: {
            "aws:RequestTag/eks-cluster-name": "mlflow-prod",
            "aws:RequestTag/kubernetes-namespace": "mlflow-fraud",
            "aws:RequestTag/kubernetes-service-account": ["mlflow", "final-dump"],
          },
        },
      },
    ]);
  });
});

describe("what a role may do", () => {
  const allowed = (document: string) =>
    statementsOf(document)
      .flatMap(({ Effect, Action, Resource }) =>
        [Action].flat().map((action) => `${Effect} ${action} on ${Resource.join()}`),
      )
      .sort();

  test("is, for the server, to use objects of this bucket: neither to remove old versions nor to change the bucket", () => {
    expect(allowed(rolePolicy(serverGrants, bucket))).toEqual([
      "Allow s3:AbortMultipartUpload on arn:aws:s3:::b/artifacts/*,arn:aws:s3:::b/tmp/*",
      "Allow s3:DeleteObject on arn:aws:s3:::b/artifacts/*,arn:aws:s3:::b/tmp/*",
      "Allow s3:GetObject on arn:aws:s3:::b/artifacts/*,arn:aws:s3:::b/tmp/*",
      "Allow s3:ListBucket on arn:aws:s3:::b",
      "Allow s3:PutObject on arn:aws:s3:::b/artifacts/*,arn:aws:s3:::b/tmp/*",
    ]);
  });

  test("is, once the instance is about to go, to write the last dump as well, and not to read one", () => {
    const before = allowed(rolePolicy(instanceGrants(false), bucket));
    expect(
      allowed(rolePolicy(instanceGrants(true), bucket)).filter((each) => !before.includes(each)),
    ).toEqual([
      "Allow s3:AbortMultipartUpload on arn:aws:s3:::b/final-dump/*",
      "Allow s3:ListBucketMultipartUploads on arn:aws:s3:::b",
      "Allow s3:PutObject on arn:aws:s3:::b/final-dump/*",
    ]);
  });

  test("is, for maintenance, to remove anything and to read nothing but its own reports", () => {
    expect(allowed(rolePolicy(maintenanceGrants, bucket))).toEqual([
      "Allow s3:AbortMultipartUpload on arn:aws:s3:::b/*",
      "Allow s3:DeleteObject on arn:aws:s3:::b/*",
      "Allow s3:DeleteObjectVersion on arn:aws:s3:::b/*",
      "Allow s3:GetObject on arn:aws:s3:::b/maintenance/*",
      "Allow s3:ListBucket on arn:aws:s3:::b",
      "Allow s3:ListBucketMultipartUploads on arn:aws:s3:::b",
      "Allow s3:ListBucketVersions on arn:aws:s3:::b",
      "Allow s3:PutObject on arn:aws:s3:::b/maintenance/*",
    ]);
  });

  test("includes the key of the bucket, through S3 and for this bucket only: others have the same key", () => {
    expect(
      statementsOf(rolePolicy(serverGrants, { ...bucket, kmsKeyArn: key })).slice(
        serverGrants.length,
      ),
    ).toEqual([
      {
        Sid: "KeyOfTheBucket",
        Effect: "Allow",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: [key],
        Condition: {
          StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" },
          StringLike: {
            "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
          },
        },
      },
    ]);
    expect(statementsOf(rolePolicy(serverGrants, bucket)).length).toBe(serverGrants.length);
  });

  test.each([
    ["cn-north-1", "arn:aws-cn:s3:::b", "s3.cn-north-1.amazonaws.com.cn"],
    ["us-gov-west-1", "arn:aws-us-gov:s3:::b", "s3.us-gov-west-1.amazonaws.com"],
  ])("is named as %s names it", (region, arn, service) => {
    const text = rolePolicy(serverGrants, {
      name: "b",
      region,
      kmsKeyArn: `arn:aws:kms:${region}:123456789012:key/k`,
    });
    expect(text).toContain(`"${arn}/artifacts/*"`);
    expect(text).toContain(`"${service}"`);
    expect(text).not.toContain("arn:aws:s3");
  });

  test("stays far below what IAM takes for the inline policies of a role", () => {
    const longest = { name: "b".repeat(63), region: "ap-southeast-2", kmsKeyArn: key };
    for (const grants of [serverGrants, maintenanceGrants])
      expect(rolePolicy(grants, longest).length).toBeLessThan(10_240 / 4);
  });
});
