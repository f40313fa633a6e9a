import { describe, expect, test } from "vitest";
import { awsPlatformArgs, kmsKeyArn } from "../../support/instance.ts";
import { account, run } from "./awsInstanceRun.ts";

// Registrations only: that AWS takes them, and what the roles then can do, is shown against the
// emulator in test/engine.

describe("the bucket", () => {
  test("refuses plain HTTP and everybody but the two roles and the administrators, and grants nothing itself", async () => {
    const { one } = await run();
    const { Statement } = JSON.parse(one("fraud-detector-bucket-policy").inputs.policy);
    expect(Statement.map(({ Sid, Effect }: any) => [Sid, Effect])).toEqual([
      ["RefusePlainHttp", "Deny"],
      ["RefuseOthers", "Deny"],
    ]);
    expect(Statement[1].Condition).toEqual({
      StringNotEquals: {
        "aws:PrincipalArn": [
          `${account}-server`,
          `${account}-maintenance`,
          "arn:aws:iam::123456789012:role/deploy",
        ],
      },
    });
  });

  test("is in the same part of AWS for its policy and for the roles, also behind an endpoint in the VPC", async () => {
    const endpoint = "https://bucket.vpce-0a1b.s3.cn-north-1.vpce.amazonaws.com.cn";
    const { one } = await run(
      {},
      {
        objectStore: { ...awsPlatformArgs().objectStore, region: "cn-north-1", endpoint },
        ingress: { className: "nginx", tls: { source: "secret", secretName: "wildcard" } },
        network: { ...awsPlatformArgs().network, objectStoreCidrs: ["10.0.0.0/16"] },
      },
    );
    for (const name of ["bucket-policy", "server-role-policy", "maintenance-role-policy"]) {
      const { Statement } = JSON.parse(one(`fraud-detector-${name}`).inputs.policy);
      for (const arn of Statement.flatMap(({ Resource }: any) => Resource))
        expect(arn, name).toMatch(/^arn:aws-cn:s3:::/);
    }
  });

  test("belongs to its owner alone, is closed to the public and encrypted", async () => {
    const { one } = await run();
    expect(one("fraud-detector-bucket-ownership").inputs).toEqual({
      bucket: "mlflow-prod-fraud-detector",
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    expect(one("fraud-detector-bucket-encryption").inputs.rules).toEqual([
      { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
    ]);
  });

  test("is encrypted with the key that is given, which the roles may use through S3 and the server names", async () => {
    const aws = await run(
      {},
      {
        objectStore: {
          ...awsPlatformArgs().objectStore,
          kmsKeyArn,
          storageClasses: "intelligentTiering",
        },
      },
    );
    expect(aws.one("fraud-detector-bucket-encryption").inputs.rules).toEqual([
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
        bucketKeyEnabled: true,
      },
    ]);
    for (const job of ["server", "maintenance"]) {
      const { Statement } = JSON.parse(aws.one(`fraud-detector-${job}-role-policy`).inputs.policy);
      expect(Statement.at(-1)).toMatchObject({
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: [kmsKeyArn],
      });
    }
    const [server] = aws.one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.env).toContainEqual({
      name: "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
      value: JSON.stringify({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyArn }),
    });
    const rules: any[] = aws.one("fraud-detector-bucket-lifecycle").inputs.rules;
    expect(rules.flatMap(({ transitions = [] }) => transitions)).toEqual([
      { days: 0, storageClass: "INTELLIGENT_TIERING" },
    ]);
  });
});
