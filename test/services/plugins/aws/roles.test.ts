// Roles, accounts and what is preview-only, over the real protocol; moto plays AWS.
import { CreateClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { GetRoleCommand, GetRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetBucketEncryptionCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { Secret, asText, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { emulatedAccount, startAwsEmulator } from "../../../engine/support/awsEmulator.ts";
import type { AwsEmulator } from "../../../engine/support/awsEmulator.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";

const roleUrn = urn("aws:iam/role:Role", "fraud-serverRole");
const policyUrn = urn("aws:iam/rolePolicy:RolePolicy", "fraud-serverRolePolicy");
const boundary = `arn:aws:iam::${emulatedAccount}:policy/boundary`;
const trust = (subject: string): Properties => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: {
        Federated: [`arn:aws:iam::${emulatedAccount}:oidc-provider/oidc.example.com/id/1`],
      },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { "oidc.example.com/id/1:sub": subject } },
    },
  ],
});
const access = (action: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: [action], Resource: "arn:aws:s3:::b/*" }],
  });

let aws: AwsEmulator;
let client: ProviderClient;
let clients: { iam: IAMClient; s3: S3Client; eks: EKSClient };
let settings: Properties;

beforeAll(async () => {
  aws = await startAwsEmulator();
  settings = {
    region: "eu-central-1",
    accessKey: "test",
    secretKey: new Secret("test"),
    endpoints: JSON.stringify([
      { s3: aws.endpoint, iam: aws.endpoint, sts: aws.endpoint, eks: aws.endpoint },
    ]),
    customCaBundle: aws.caPath,
    s3UsePathStyle: "true",
    allowedAccountIds: JSON.stringify([emulatedAccount]),
    defaultTags: JSON.stringify({ tags: { environment: "dev" } }),
  };
  const read = {
    region: "eu-central-1",
    endpoint: aws.endpoint,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestHandler: { httpsAgent: { ca: aws.ca } },
  };
  clients = {
    iam: new IAMClient(read),
    s3: new S3Client({ ...read, forcePathStyle: true }),
    eks: new EKSClient(read),
  };
  client = await connect(awsProvider());
  await client.configure(settings);
}, 300_000);

afterAll(async () => {
  await client?.close();
  clients?.iam.destroy();
  clients?.s3.destroy();
  clients?.eks.destroy();
  await aws?.stop();
});

async function made(at: string, given: Properties) {
  const { inputs, failures } = await client.check(at, given);
  expect(failures).toEqual([]);
  expect((await client.create(at, inputs, true)).id).toBe("");
  return { inputs, ...(await client.create(at, inputs)) };
}

type Made = Awaited<ReturnType<typeof made>>;

async function expectStable(at: string, { id, inputs, properties }: Made): Promise<void> {
  const now = await client.read(at, id, properties, inputs);
  expect(now).toMatchObject({ id, properties, inputs });
  expect((await client.diff(at, id, now.properties, now.inputs, inputs)).changes).toBe(false);
}

async function changed(at: string, before: Made, given: Properties): Promise<Made> {
  const { inputs } = await client.check(at, given, before.inputs);
  const diff = await client.diff(at, before.id, before.properties, before.inputs, inputs);
  expect([diff.changes, diff.replaces]).toEqual([true, []]);
  return {
    id: before.id,
    inputs,
    properties: await client.update(at, before.id, before.properties, before.inputs, inputs),
  };
}

test("a role with a policy is made, stays without drift, changes in place and goes", async () => {
  const given: Properties = {
    name: "mlflow-dev-fraud",
    path: "/mlflow-instances/",
    assumeRolePolicy: trust("system:serviceaccount:mlflow-fraud:server"),
    permissionsBoundary: boundary,
    description: "Server of fraud",
    tags: { team: "fraud" },
  };
  const role = await made(roleUrn, given);
  expect(role).toMatchObject({
    id: "mlflow-dev-fraud",
    properties: {
      arn: `arn:aws:iam::${emulatedAccount}:role/mlflow-instances/mlflow-dev-fraud`,
      assumeRolePolicy: role.inputs["assumeRolePolicy"],
      maxSessionDuration: 3600,
      permissionsBoundary: boundary,
      tags: { team: "fraud", environment: "dev" },
      tagsAll: { team: "fraud", environment: "dev" },
    },
  });
  expect(JSON.parse(asText(role.properties["assumeRolePolicy"]))).toEqual(
    given["assumeRolePolicy"],
  );
  await expectStable(roleUrn, role);
  const policy = await made(policyUrn, {
    role: role.id,
    name: "artifacts",
    policy: access("s3:GetObject"),
  });
  expect(policy.id).toBe("mlflow-dev-fraud:artifacts");
  await expectStable(policyUrn, policy);

  const other = await changed(roleUrn, role, {
    ...given,
    assumeRolePolicy: JSON.stringify(trust("system:serviceaccount:mlflow-fraud:other")),
    permissionsBoundary: null,
    description: "Another",
    maxSessionDuration: 7200,
    tags: { team: "risk" },
  });
  await expectStable(roleUrn, other);
  const held = (await clients.iam.send(new GetRoleCommand({ RoleName: role.id }))).Role;
  expect(held).toMatchObject({
    Description: "Another",
    MaxSessionDuration: 7200,
    Path: "/mlflow-instances/",
  });
  expect(held?.PermissionsBoundary).toBeUndefined();
  expect(JSON.parse(decodeURIComponent(held?.AssumeRolePolicyDocument ?? ""))).toEqual(
    trust("system:serviceaccount:mlflow-fraud:other"),
  );
  expect(Object.fromEntries(held?.Tags?.map(({ Key, Value }) => [Key, Value]) ?? [])).toEqual({
    team: "risk",
    environment: "dev",
  });

  const wider = await changed(policyUrn, policy, {
    role: role.id,
    name: "artifacts",
    policy: access("s3:PutObject"),
  });
  await expectStable(policyUrn, wider);
  const document =
    (
      await clients.iam.send(
        new GetRolePolicyCommand({ RoleName: role.id, PolicyName: "artifacts" }),
      )
    ).PolicyDocument ?? "";
  expect(JSON.parse(decodeURIComponent(document))).toEqual(JSON.parse(access("s3:PutObject")));

  // A name, a path or another role is another resource.
  for (const [at, { id, properties, inputs }, key] of [
    [roleUrn, other, "name"],
    [roleUrn, other, "path"],
    [policyUrn, wider, "role"],
  ] as const) {
    const news = { ...inputs, [key]: key === "path" ? "/other/" : "other" };
    expect((await client.diff(at, id, properties, inputs, news)).replaces).toEqual([key]);
  }

  await client.delete(policyUrn, wider.id, wider.properties, wider.inputs);
  await client.delete(roleUrn, other.id, other.properties, other.inputs);
  expect((await client.read(roleUrn, other.id, other.properties, other.inputs)).id).toBe("");
  await client.delete(roleUrn, other.id, other.properties, other.inputs);
});

test("a role whose name is taken is an error with its name", async () => {
  const role = await made(roleUrn, { name: "taken", assumeRolePolicy: trust("a") });
  await expect(client.create(roleUrn, role.inputs)).rejects.toThrow(
    /can't create role "taken": EntityAlreadyExists/,
  );
});

test("wrong inputs of roles are all told", async () => {
  const { failures } = await client.check(roleUrn, {
    name: "a b",
    assumeRolePolicy: "no json",
    path: "x",
    inlinePolicies: [{}],
    colour: 1,
  });
  expect(failures.map(({ property }) => property).sort()).toEqual([
    "assumeRolePolicy",
    "colour",
    "inlinePolicies",
    "inlinePolicies[0]",
    "name",
    "path",
  ]);
  expect(
    (await client.check(policyUrn, { name: "x" })).failures.map(({ property }) => property),
  ).toEqual(["policy", "role"]);
});

test("encryption with a KMS key and a bucket key is what the bucket has, without drift", async () => {
  const key = `arn:aws:kms:eu-central-1:${emulatedAccount}:key/0b7f6a52-0000-4000-8000-000000000000`;
  await made(urn("aws:s3/bucket:Bucket", "b"), { bucket: "with-kms" });
  const encryption = urn(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "e",
  );
  const rules = [
    {
      applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key },
      bucketKeyEnabled: true,
    },
  ];
  await expectStable(encryption, await made(encryption, { bucket: "with-kms", rules }));
  const held = await clients.s3.send(new GetBucketEncryptionCommand({ Bucket: "with-kms" }));
  expect(held.ServerSideEncryptionConfiguration?.Rules).toEqual([
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key },
      BucketKeyEnabled: true,
    },
  ]);
});

test("credentials of another account are refused before anything is made", async () => {
  const other = await connect(awsProvider());
  try {
    await expect(
      other.configure({ ...settings, allowedAccountIds: JSON.stringify(["210987654321"]) }),
    ).rejects.toThrow(
      `the credentials belong to account ${emulatedAccount}, allowed is 210987654321`,
    );
    await expect(
      other.configure({ ...settings, endpoints: JSON.stringify([{ sts: "https://127.0.0.1:1" }]) }),
    ).rejects.toThrow(
      /can't ask whose credentials these are: the STS https:\/\/127\.0\.0\.1:1 can't be used: nothing listens there/,
    );
  } finally {
    await other.close();
  }
});

test("a database is shown in a preview, and a real create says that only AWS can make it", async () => {
  const database = urn("aws:rds/instance:Instance", "database");
  const given: Properties = {
    instanceClass: "db.t4g.medium",
    engine: "postgres",
    storageEncrypted: true,
  };
  const { inputs, failures } = await client.check(database, given);
  expect([inputs, failures]).toEqual([given, []]);
  const planned = await client.create(database, inputs, true);
  expect(planned.properties).toMatchObject({
    ...given,
    address: unknown,
    masterUserSecrets: unknown,
  });
  await expect(client.create(database, inputs)).rejects.toThrow(
    /^(?:\S+ \S+: )?aws:rds\/instance:Instance is preview-only here: the stand-in plugin can't make a real Instance, only AWS can/,
  );
  expect((await client.check(database, {})).failures.map(({ property }) => property)).toEqual([
    "instanceClass",
  ]);
});

test("an EKS cluster is found by its name, with what a kubeconfig needs", async () => {
  const roleArn = `arn:aws:iam::${emulatedAccount}:role/cluster`;
  const { cluster } = await clients.eks.send(
    new CreateClusterCommand({ name: "mlflow-dev", roleArn, resourcesVpcConfig: {} }),
  );
  const found = await client.invoke("aws:eks/getCluster:getCluster", { name: "mlflow-dev" });
  expect(cluster?.endpoint).toMatch(/^https:/);
  expect(found).toMatchObject({
    name: "mlflow-dev",
    endpoint: cluster?.endpoint,
    certificateAuthorities: [{ data: cluster?.certificateAuthority?.data }],
  });
  await expect(client.invoke("aws:eks/getCluster:getCluster", { name: "absent" })).rejects.toThrow(
    /there is no EKS cluster "absent" in https:/,
  );
  expect(await client.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})).toMatchObject({
    accountId: emulatedAccount,
  });
  await expect(client.invoke("aws:ec2/getVpc:getVpc", {})).rejects.toThrow(
    /function aws:ec2\/getVpc:getVpc is not supported/,
  );
});
