import { describe, expect, it } from "vitest";
import { maintenanceGrants, serverGrants } from "../../../components/internal/bucketActions.ts";
import { bucketPolicy } from "../../../components/internal/bucketPolicy.ts";
import { rolePolicy } from "../../../components/internal/roleDocuments.ts";
import {
  decide,
  type Caller,
  type Decision,
  type PolicyDocument,
  type Request,
} from "./policyEvaluator.ts";

// What AWS answers to requests for an instance's bucket, by the bucket's policy and the roles' own,
// as the component writes them.

const account = "123456789012";
const arn = (name: string, of = account): string =>
  `arn:aws:iam::${of}:role/mlflow-instances/${name}`;
const bucket = "mlflow-dev-fraud";
const region = "eu-central-1";
const server = arn("mlflow-dev-fraud-server");
const maintenance = arn("mlflow-dev-fraud-maintenance");
const admin = `arn:aws:iam::${account}:role/deploy`;

const policy = JSON.parse(
  bucketPolicy({
    bucket,
    partition: "aws",
    instancePrincipal: server,
    maintenancePrincipal: maintenance,
    adminPrincipals: [admin],
    grantedByRoles: true,
    preparingDeletion: false,
    tlsOnly: true,
    refusal: "byArn",
  }),
) as PolicyDocument;

const grants = (of: typeof serverGrants, name = bucket): PolicyDocument[] => [
  JSON.parse(rolePolicy(of, { name, region })) as PolicyDocument,
];
const everything: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

const callers: Record<string, Caller> = {
  server: { arn: server, policies: grants(serverGrants) },
  maintenance: { arn: maintenance, policies: grants(maintenanceGrants) },
  admin: { arn: admin, policies: [everything] },
  "another instance": {
    arn: arn("mlflow-dev-churn-server"),
    policies: grants(serverGrants, "mlflow-dev-churn"),
  },
  "another instance with a broad policy": {
    arn: arn("mlflow-dev-churn-server"),
    policies: [everything],
  },
  "another account with a broad policy": {
    arn: arn("mlflow-dev-fraud-server", "210987654321"),
    policies: [everything],
  },
  anonymous: {},
};

const artifact = `arn:aws:s3:::${bucket}/artifacts/1/model.pkl`;
const report = `arn:aws:s3:::${bucket}/maintenance/plan-0001.jsonl`;
const itself = `arn:aws:s3:::${bucket}`;

const ask = (
  caller: string,
  action: string,
  resource: string,
  more: Partial<Request> = {},
): Decision => decide(callers[caller]!, { action, resource, ...more }, { account, policy });

const objectActions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];

describe("an instance's bucket on AWS", () => {
  it("is read, written and cleared by its server, which ends no version for good and changes no setting", () => {
    for (const action of objectActions) expect(ask("server", action, artifact)).toBe("allowed");
    expect(ask("server", "s3:ListBucket", itself)).toBe("allowed");
    for (const [action, resource] of [
      ["s3:DeleteObjectVersion", artifact],
      ["s3:GetObjectVersion", artifact],
      ["s3:PutObjectAcl", artifact],
      ["s3:PutBucketPolicy", itself],
      ["s3:PutLifecycleConfiguration", itself],
      ["s3:PutEncryptionConfiguration", itself],
      ["s3:DeleteBucket", itself],
    ] as const) {
      expect(ask("server", action, resource), action).toBe("denied: nothing allows it");
    }
  });

  it("loses versions to the maintenance jobs, which read no artifact and write none", () => {
    for (const action of ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"]) {
      expect(ask("maintenance", action, artifact)).toBe("allowed");
    }
    expect(ask("maintenance", "s3:ListBucketVersions", itself)).toBe("allowed");
    for (const action of ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]) {
      expect(ask("maintenance", action, artifact)).toBe("denied: nothing allows it");
    }
    for (const action of ["s3:GetObject", "s3:PutObject"])
      expect(ask("maintenance", action, report)).toBe("allowed");
  });

  it("is managed by the roles that are named as administrators", () => {
    for (const action of [...objectActions, "s3:DeleteObjectVersion"])
      expect(ask("admin", action, artifact)).toBe("allowed");
    for (const action of ["s3:PutBucketPolicy", "s3:DeleteBucket"])
      expect(ask("admin", action, itself)).toBe("allowed");
  });

  it("refuses everybody else, whatever their own policies allow", () => {
    for (const caller of [
      "another instance",
      "another instance with a broad policy",
      "another account with a broad policy",
      "anonymous",
    ]) {
      for (const action of [...objectActions, "s3:DeleteObjectVersion"]) {
        expect(ask(caller, action, artifact), caller).toBe("denied explicitly");
      }
      for (const action of ["s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]) {
        expect(ask(caller, action, itself), caller).toBe("denied explicitly");
      }
    }
  });

  it("refuses plain HTTP to everybody, its server and the administrators included", () => {
    for (const caller of Object.keys(callers)) {
      expect(ask(caller, "s3:GetObject", artifact, { secure: false }), caller).toBe(
        "denied explicitly",
      );
      expect(ask(caller, "s3:ListBucket", itself, { secure: false }), caller).toBe(
        "denied explicitly",
      );
    }
  });

  it("opens its key through S3 and for itself only", () => {
    const kmsKeyArn = `arn:aws:kms:${region}:${account}:key/0b7f6a52-0000-4000-8000-000000000000`;
    const caller: Caller = {
      arn: server,
      policies: [
        JSON.parse(rolePolicy(serverGrants, { name: bucket, region, kmsKeyArn })) as PolicyDocument,
      ],
    };
    const decrypt = (context: Record<string, string>, resource = kmsKeyArn): Decision =>
      // A key's own policy delegates to its account, as the default one does.
      decide(caller, { action: "kms:Decrypt", resource, context }, { account });
    const viaS3 = {
      "kms:ViaService": `s3.${region}.amazonaws.com`,
      "kms:EncryptionContext:aws:s3:arn": itself,
    };
    expect(decrypt(viaS3)).toBe("allowed");
    expect(decrypt({ ...viaS3, "kms:EncryptionContext:aws:s3:arn": artifact })).toBe("allowed");
    expect(
      decrypt({ ...viaS3, "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::mlflow-dev-churn" }),
    ).toBe("denied: nothing allows it");
    expect(
      decrypt({ ...viaS3, "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com" }),
    ).toBe("denied: nothing allows it");
    expect(decrypt({})).toBe("denied: nothing allows it");
    expect(decrypt(viaS3, kmsKeyArn.replace("0b7f", "1111"))).toBe("denied: nothing allows it");
  });
});
