import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  instanceGrants,
  maintenanceGrants,
  maintenancePrefix,
} from "../../../components/internal/bucketActions.ts";
import { bucketPolicy } from "../../../components/internal/bucketPolicy.ts";
import { rolePolicy } from "../../../components/internal/roleDocuments.ts";
import { artifactPrefix } from "../../../components/internal/serverEnvironment.ts";
import {
  emulatedAccount,
  startAwsEmulator,
  type AwsEmulator,
} from "../../engine/support/awsEmulator.ts";
import { needsOf, recordOperations, type Operation } from "./operations.ts";
import { decide, type PolicyDocument } from "../../fast/aws/policyEvaluator.ts";

/*
 * Every action of a role is there because a pod needs it: without it an operation that the image's code does is refused. Twice over: by the evaluator for all
 * actions, over the calls that the code really made; and by moto, which enforces the policies of roles, for each action that it knows (it asks a deletion of
 * many objects for rights on the bucket where AWS asks for them on each object, so objects are deleted one by one there; it has no KMS).
 */
const region = "eu-central-1";
const kms = {
  key: `arn:aws:kms:${region}:${emulatedAccount}:key/0b7f6a52-0000-4000-8000-000000000000`,
  via: `s3.${region}.amazonaws.com`,
};
const grants = { server: instanceGrants(true), maintenance: maintenanceGrants };
type Role = keyof typeof grants;
const roles = Object.keys(grants) as Role[];
const arnOf = (role: Role): string =>
  `arn:aws:iam::${emulatedAccount}:role/mlflow-instances/${role}`;

/** Of a client of any service. */
const settingsOf = ({ endpoint, ca }: AwsEmulator) => ({
  endpoint,
  region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  requestHandler: { httpsAgent: { ca } },
});

let aws: AwsEmulator;
let settings: ReturnType<typeof settingsOf>;
let admin: { s3: S3Client; iam: IAMClient };
const recorded = new Map<Role, Operation[]>();

const policyOf = (role: Role): PolicyDocument =>
  JSON.parse(
    rolePolicy(grants[role], { name: role, region, kmsKeyArn: kms.key }),
  ) as PolicyDocument;

const actionsOf = (document: PolicyDocument): string[] =>
  document.Statement.flatMap(({ Action }) => Action);

/** The document without an action; a statement that has none left goes. */
const without = (document: PolicyDocument, action: string): PolicyDocument => ({
  ...document,
  Statement: document.Statement.map((statement) => ({
    ...statement,
    Action: [statement.Action].flat().filter((each) => each !== action),
  })).filter(({ Action }) => Action.length > 0),
});

beforeAll(async () => {
  aws = await startAwsEmulator();
  settings = settingsOf(aws);
  admin = { s3: new S3Client({ ...settings, forcePathStyle: true }), iam: new IAMClient(settings) };
  for (const Bucket of roles) {
    await admin.s3.send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: { LocationConstraint: region },
      }),
    );
    await admin.s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
  }
  await Promise.all(
    roles.map(async (role) => {
      const all = await recordOperations(aws, role, role);
      recorded.set(
        role,
        all.filter(({ step }) => step !== "what the server left"),
      );
    }),
  );
}, 600_000);

afterAll(async () => {
  admin?.s3.destroy();
  admin?.iam.destroy();
  await aws?.stop();
});

/** Steps of which AWS would refuse a call. */
function refusedSteps(role: Role, policy: PolicyDocument): string[] {
  const bucketArn = `arn:aws:s3:::${role}`;
  const ofBucket = JSON.parse(
    bucketPolicy({
      bucket: role,
      partition: "aws",
      instancePrincipal: arnOf(role),
      maintenancePrincipal: arnOf(role),
      adminPrincipals: [`arn:aws:iam::${emulatedAccount}:role/deploy`],
      grantedByRoles: true,
      preparingDeletion: true,
      tlsOnly: true,
      refusal: "byArn",
    }),
  ) as PolicyDocument;
  const refused = recorded.get(role)!.filter((operation) =>
    needsOf(operation, bucketArn, kms).some((need) => {
      const resource = {
        account: emulatedAccount,
        ...(need.action.startsWith("s3:") && { policy: ofBucket }),
      };
      return decide({ arn: arnOf(role), policies: [policy] }, need, resource) !== "allowed";
    }),
  );
  return [...new Set(refused.map(({ step }) => step))];
}

describe.each(roles)("the role of %s", (role) => {
  it("names its actions, none by a wildcard", () => {
    for (const action of actionsOf(policyOf(role))) expect(action).toMatch(/^(s3|kms):[A-Za-z]+$/);
  });

  it("is allowed everything that its pods do", () => {
    expect(recorded.get(role)!.length).toBeGreaterThan(15);
    expect(refusedSteps(role, policyOf(role))).toEqual([]);
  });

  it("has no action without an operation that fails without it", () => {
    const policy = policyOf(role);
    const needless = actionsOf(policy).filter(
      (action) => refusedSteps(role, without(policy, action)).length === 0,
    );
    expect(needless).toEqual([]);
  });
});

/** Where the role's pods read and write. */
const folders: Record<Role, string> = { server: artifactPrefix, maintenance: maintenancePrefix };

/** One request for each action that moto enforces; the folder is the role's. */
const requests: Record<string, (s3: S3Client, Bucket: string, folder: string) => Promise<unknown>> =
  {
    "s3:ListBucket": (s3, Bucket) => s3.send(new ListObjectsV2Command({ Bucket })),
    "s3:ListBucketVersions": (s3, Bucket) => s3.send(new ListObjectVersionsCommand({ Bucket })),
    "s3:ListBucketMultipartUploads": (s3, Bucket) =>
      s3.send(new ListMultipartUploadsCommand({ Bucket })),
    "s3:PutObject": (s3, Bucket, folder) =>
      s3.send(new PutObjectCommand({ Bucket, Key: `${folder}/of-the-role`, Body: "1" })),
    "s3:GetObject": (s3, Bucket, folder) =>
      s3.send(new GetObjectCommand({ Bucket, Key: `${folder}/kept` })),
    "s3:DeleteObject": (s3, Bucket) =>
      s3.send(new DeleteObjectCommand({ Bucket, Key: "artifacts/1" })),
    "s3:DeleteObjectVersion": async (s3, Bucket) => {
      const { VersionId } = await admin.s3.send(
        new PutObjectCommand({ Bucket, Key: "artifacts/2", Body: "2" }),
      );
      return s3.send(new DeleteObjectCommand({ Bucket, Key: "artifacts/2", VersionId }));
    },
    "s3:AbortMultipartUpload": async (s3, Bucket) => {
      const { UploadId } = await admin.s3.send(
        new CreateMultipartUploadCommand({ Bucket, Key: "artifacts/3" }),
      );
      return s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "artifacts/3", UploadId }));
    },
  };

describe.each(roles)("moto, which enforces the role of %s", (role) => {
  let pod: S3Client;
  const setPolicy = (policy: PolicyDocument) =>
    admin.iam.send(
      new PutRolePolicyCommand({
        RoleName: role,
        PolicyName: "bucket",
        PolicyDocument: JSON.stringify(policy),
      }),
    );

  beforeAll(async () => {
    const trust = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    await admin.iam.send(
      new CreateRoleCommand({
        RoleName: role,
        Path: "/mlflow-instances/",
        AssumeRolePolicyDocument: trust,
      }),
    );
    await admin.s3.send(
      new PutObjectCommand({ Bucket: role, Key: `${folders[role]}/kept`, Body: "1" }),
    );
    const sts = new STSClient(settings);
    const { Credentials } = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: arnOf(role),
        RoleSessionName: "pod",
        WebIdentityToken: "a token of the cluster",
      }),
    );
    sts.destroy();
    pod = new S3Client({
      ...settings,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      },
    });
  });
  afterAll(() => pod?.destroy());

  /** How a request of the pod ends while the role has this policy. */
  async function outcome(policy: PolicyDocument, action: string): Promise<string> {
    await setPolicy(policy);
    const request = requests[action];
    if (request === undefined) throw new Error(`no request for ${action}; add one`);
    // What the administrator does for a request is done before the enforcement begins.
    const held = new Proxy(pod, {
      get: (target, key) =>
        key !== "send"
          ? (Reflect.get(target, key) as unknown)
          : async (command: Parameters<S3Client["send"]>[0]) => {
              await aws.enforceIam();
              return target.send(command);
            },
    });
    return request(held, role, folders[role]).then(
      () => "allowed",
      (error: Error) => error.name,
    );
  }

  it("refuses an operation for each action that is taken away, and nothing before", async () => {
    const policy = policyOf(role);
    for (const action of actionsOf(policy).filter((each) => each.startsWith("s3:"))) {
      try {
        expect(await outcome(policy, action), `with ${action}`).toBe("allowed");
        await aws.allowAll();
        expect(await outcome(without(policy, action), action), `without ${action}`).toBe(
          "AccessDenied",
        );
      } finally {
        await aws.allowAll();
      }
    }
  });
});
