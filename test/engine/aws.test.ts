import { HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, it } from "vitest";
import { maintenanceGrants, serverGrants } from "../../components/internal/bucketActions.ts";
import { caFile } from "../../components/internal/podParts.ts";
import { rolePolicy } from "../../components/internal/roleDocuments.ts";
import type { StackValues } from "../../local/stack/values.ts";
import { decide, type Caller } from "../fast/aws/policyEvaluator.ts";
import { heldBucket, heldRole } from "./support/awsHeld.ts";
import { awsStack, type AwsStack } from "./support/awsStack.ts";
import { awsTarget, type AwsTarget } from "./support/awsTarget.ts";
import { cluster } from "./support/cluster.ts";
import { nameOf } from "./support/engine.ts";
import { engineContext } from "./support/context.ts";

/*
 * The program on an environment of kind aws: the real engine, the embedded platform's cluster and PostgreSQL server, and for S3, IAM and STS the stand-in plugin
 * against moto's server. What was made is read back through AWS' SDK.
 *
 * With MLFLOW_INSTANCES_AWS_TEST=1 the same tests go to an account of AWS, with the official plugin. They then need
 *   MLFLOW_INSTANCES_AWS_TEST_VALUES       a YAML file: `environment` (as under the key mlflow-instances:environment of a stack file; kind aws, IRSA, a kubeconfig,
 *                                          database.given, no kmsKeyArn and no storageClasses) and `secretFiles` (secret key: path of the file with its text)
 *   MLFLOW_INSTANCES_AWS_TEST_KMS_KEY_ARN  a key of that account and region, whose policy lets the account's roles use it
 * and the credentials of one of `adminRoleArns`, ambient or by `profile`. A database server is only previewed there. The context of the kubeconfig has to be its current one.
 */
const stackName = "aws-engine";
const name = "card-checks";
const file = (more = "") => `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
costCenter: ml-1200
deletedExperimentRetention: 14d
${more}`;
const namespace = `mlflow-${name}`;

let target: AwsTarget;
let stack: AwsStack;
let kubectl: ReturnType<typeof cluster>;
let bucket: string;
let roles: { server: string; maintenance: string };
let removed = false;

type Platform = Record<string, unknown> & { artifactStore?: object };

/** The values with other settings of the platform. */
function valuesWith(change: (platform: Platform) => object): StackValues {
  const platform = target.values.environment["platform"] as Platform;
  return {
    ...target.values,
    environment: { ...target.values.environment, platform: { ...platform, ...change(platform) } },
  };
}

const accountOf = (): string =>
  String((target.values.environment["platform"] as { accountId: string }).accountId);

beforeAll(async () => {
  const context = engineContext();
  target = await awsTarget(context, caFile(true));
  kubectl = cluster({ platform: { ...context.platform, kubeconfigPath: target.kubeconfigPath } });
  stack = await awsStack(stackName, target.env);
  await stack.instance(name, file());
  await stack.up(target.values);
  const found = await stack.resources();
  const idOf = (type: string, end = ""): string => {
    const ids = found
      .filter((each) => each.type === type && each.urn.endsWith(end))
      .map(({ id }) => id ?? "");
    if (ids.length !== 1) throw new Error(`${ids.length} resources ${type}${end}`);
    return ids[0]!;
  };
  bucket = idOf("aws:s3/bucket:Bucket");
  roles = {
    server: idOf("aws:iam/role:Role", "server-role"),
    maintenance: idOf("aws:iam/role:Role", "maintenance-role"),
  };
});

afterAll(async () => {
  if (!removed) await stack?.destroy();
  await stack?.remove();
  await target?.stop();
});

it("makes a bucket that keeps versions, is encrypted, closed to the public and owned by its account", async () => {
  const held = await heldBucket(target.clients.s3, bucket);
  expect(held.versioning).toBe("Enabled");
  expect(held.encryption).toMatchObject([
    { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } },
  ]);
  expect(held.publicAccessBlock).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(held.ownership).toEqual([{ ObjectOwnership: "BucketOwnerEnforced" }]);
  expect(held.tags).toMatchObject({
    "app.kubernetes.io/instance": name,
    "mlflow-instances/team": "payments",
    "mlflow-instances/owner": "payments@example.com",
    "mlflow-instances/environment": stackName,
    "cost-center": "ml-1200",
  });
  expect(Object.keys(held.lifecycle).sort()).toEqual([
    "aborted-uploads",
    "maintenance-reports",
    "noncurrent-versions",
    "temporary-files",
  ]);
  expect(held.lifecycle["aborted-uploads"]).toMatchObject({
    Status: "Enabled",
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  });
  expect(held.lifecycle["temporary-files"]).toMatchObject({
    Status: "Enabled",
    Filter: { Prefix: "tmp/" },
    Expiration: { Days: 7 },
  });
  // The retention of deleted experiments, and some days on top.
  expect(held.lifecycle["noncurrent-versions"]).toMatchObject({ Status: "Enabled" });
  expect(
    held.lifecycle["noncurrent-versions"]?.NoncurrentVersionExpiration?.NoncurrentDays,
  ).toBeGreaterThanOrEqual(14);
  for (const rule of Object.values(held.lifecycle)) expect(rule.Transitions ?? []).toEqual([]);
});

it("makes two roles that the instance's own pods take on, within the boundary", async () => {
  const account = accountOf();
  for (const [role, accounts, grants] of [
    [roles.server, ["mlflow", "final-dump"], serverGrants],
    [roles.maintenance, ["retention", "stale-runs"], maintenanceGrants],
  ] as const) {
    const held = await heldRole(target.clients.iam, role);
    expect(held.arn).toBe(`arn:aws:iam::${account}:role/mlflow-instances/${role}`);
    expect(held.boundary).toBe(target.boundaryArn);
    expect(held.policyNames).toEqual(["artifact-bucket"]);
    // The very document whose actions test/services/aws/leastPrivilege.test.ts takes away one by
    // one.
    const { region } = target.values.environment["platform"] as { region: string };
    expect(held.policies).toEqual([JSON.parse(rolePolicy(grants, { name: bucket, region }))]);
    expect(held.tags).toMatchObject({
      "app.kubernetes.io/instance": name,
      "mlflow-instances/team": "payments",
    });
    expect(held.trust.Statement).toHaveLength(1);
    const [statement] = held.trust.Statement;
    const { oidcProviderArn } = (
      target.values.environment["platform"] as {
        podIdentity: { irsa: { oidcProviderArn: string } };
      }
    ).podIdentity.irsa;
    const issuer = oidcProviderArn.slice(oidcProviderArn.indexOf("/") + 1);
    expect(statement).toMatchObject({
      Effect: "Allow",
      Principal: { Federated: oidcProviderArn },
      Action: "sts:AssumeRoleWithWebIdentity",
    });
    expect(statement?.Condition).toEqual({
      StringEquals: {
        [`${issuer}:aud`]: "sts.amazonaws.com",
        [`${issuer}:sub`]: accounts.map((each) => `system:serviceaccount:${namespace}:${each}`),
      },
    });
  }
});

it("has policies at the services that let the instance in, its jobs remove, and everybody else out", async () => {
  const { policy } = await heldBucket(target.clients.s3, bucket);
  const [server, maintenance] = await Promise.all(
    [roles.server, roles.maintenance].map((each) => heldRole(target.clients.iam, each)),
  );
  const account = accountOf();
  const object = `arn:aws:s3:::${bucket}/artifacts/1/model.pkl`;
  const everything: Caller["policies"] = [
    { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] },
  ];
  const admin = (target.values.environment["platform"] as { adminRoleArns: string[] })
    .adminRoleArns[0]!;
  const ask = (
    { arn, policies }: Pick<Caller, "arn" | "policies">,
    action: string,
    secure = true,
  ) => decide({ arn, policies }, { action, resource: object, secure }, { account, policy });
  expect(ask(server!, "s3:GetObject")).toBe("allowed");
  expect(ask(server!, "s3:PutObject")).toBe("allowed");
  expect(ask(server!, "s3:DeleteObjectVersion")).toBe("denied: nothing allows it");
  expect(ask(server!, "s3:GetObject", false)).toBe("denied explicitly");
  expect(ask(maintenance!, "s3:DeleteObjectVersion")).toBe("allowed");
  expect(ask(maintenance!, "s3:GetObject")).toBe("denied: nothing allows it");
  expect(ask({ arn: admin, policies: everything }, "s3:PutObject")).toBe("allowed");
  const other = `arn:aws:iam::${account}:role/mlflow-instances/mlflow-${stackName}-other-server`;
  expect(ask({ arn: other, policies: everything }, "s3:GetObject")).toBe("denied explicitly");
  expect(ask({}, "s3:GetObject")).toBe("denied explicitly");
});

it("gives no key to anybody: accounts name their role, and a pod's own token gets it credentials", async () => {
  const objects = async <T>(kind: string): Promise<T[]> => {
    const { code, output } = await kubectl.kubectl([
      "get",
      kind,
      "--namespace",
      namespace,
      "-o",
      "json",
    ]);
    if (code !== 0) throw new Error(output);
    return (JSON.parse(output) as { items: T[] }).items;
  };
  const accounts = await objects<{
    metadata: { name: string; annotations?: Record<string, string> };
  }>("serviceaccounts");
  const roleOf = Object.fromEntries(
    accounts.map(({ metadata }) => [
      metadata.name,
      metadata.annotations?.["eks.amazonaws.com/role-arn"],
    ]),
  );
  const arn = (role: string): string => `arn:aws:iam::${accountOf()}:role/mlflow-instances/${role}`;
  expect(roleOf).toMatchObject({
    mlflow: arn(roles.server),
    retention: arn(roles.maintenance),
    "stale-runs": arn(roles.maintenance),
  });

  const secrets = await objects<{ data?: Record<string, string> }>("secrets");
  expect(secrets.length).toBeGreaterThan(0);
  const texts = secrets
    .flatMap(({ data = {} }) => Object.entries(data).map(([key, value]) => `${key}=${atob(value)}`))
    .join("\n");
  const state = await stack.stateInClear();
  for (const text of [texts, state]) {
    expect(text).not.toMatch(/\b(AKIA|ASIA)[A-Z0-9]{12,}/);
    for (const credential of target.credentials) expect(text.includes(credential)).toBe(false);
  }
  expect(texts).not.toMatch(/access-?key/i);

  const program = `
import base64, json, os, sys
os.environ.update(json.loads(sys.argv[2]))
import boto3
token = open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read().split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
who = boto3.client("sts").get_caller_identity()["Arn"]
s3 = boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"))
s3.put_object(Bucket=sys.argv[1], Key="artifacts/of-the-pod", Body=b"by its role")
body = s3.get_object(Bucket=sys.argv[1], Key="artifacts/of-the-pod")["Body"].read().decode()
print(json.dumps({"audience": claims["aud"], "subject": claims["sub"], "who": who, "body": body, "key": "AWS_ACCESS_KEY_ID" in os.environ}))
`;
  const output = await target.withObjects(bucket, () =>
    kubectl.python(namespace, program, bucket, JSON.stringify(target.podEnv)),
  );
  const said = JSON.parse(output) as Record<string, unknown>;
  expect(said).toMatchObject({
    audience: ["sts.amazonaws.com"],
    subject: `system:serviceaccount:${namespace}:mlflow`,
    body: "by its role",
    key: false,
  });
  expect(said["who"]).toMatch(new RegExp(`:assumed-role/${roles.server}/`));
  const { Contents = [] } = await target.clients.s3.send(
    new ListObjectsV2Command({ Bucket: bucket }),
  );
  expect(Contents.map(({ Key }) => Key)).toContain("artifacts/of-the-pod");
});

it("has nothing to do a second time", async () => {
  expect(await stack.preview(target.values)).toEqual([]);
});

it("takes another key, other classes and other tags in place", async () => {
  await stack.instance(name, file("").replace("ml-1200", "ml-1300"));
  const changed = valuesWith(({ artifactStore }) => ({
    artifactStore: { ...artifactStore, kmsKeyArn: target.kmsKeyArn, storageClasses: "transitions" },
  }));
  await stack.up(changed);
  // Another bucket would be empty.
  const { Contents = [] } = await target.clients.s3.send(
    new ListObjectsV2Command({ Bucket: bucket }),
  );
  expect(Contents.map(({ Key }) => Key)).toContain("artifacts/of-the-pod");
  const held = await heldBucket(target.clients.s3, bucket);
  expect(held.encryption).toMatchObject([
    {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: "aws:kms",
        KMSMasterKeyID: target.kmsKeyArn,
      },
      BucketKeyEnabled: true,
    },
  ]);
  expect(held.lifecycle["storage-classes"]).toMatchObject({
    Status: "Enabled",
    Filter: { Prefix: "artifacts/" },
    Transitions: [
      { Days: 90, StorageClass: "STANDARD_IA" },
      { Days: 365, StorageClass: "GLACIER_IR" },
    ],
  });
  expect(held.tags).toMatchObject({ "cost-center": "ml-1300" });
  for (const role of Object.values(roles)) {
    const { policies } = await heldRole(target.clients.iam, role);
    const key = policies
      .flatMap(({ Statement }) => Statement)
      .find(({ Resource }) => [Resource].flat().includes(target.kmsKeyArn));
    expect(key?.Action).toEqual(["kms:Decrypt", "kms:GenerateDataKey"]);
  }
  expect(JSON.parse(await kubectl.variable(namespace, "MLFLOW_S3_UPLOAD_EXTRA_ARGS"))).toEqual({
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: target.kmsKeyArn,
  });
  expect(await stack.preview(changed)).toEqual([]);
});

it("leaves the choice of the class to S3 when asked to, from the first day", async () => {
  const changed = valuesWith(({ artifactStore }) => ({
    artifactStore: {
      ...artifactStore,
      kmsKeyArn: target.kmsKeyArn,
      storageClasses: "intelligentTiering",
    },
  }));
  await stack.up(changed);
  const { lifecycle } = await heldBucket(target.clients.s3, bucket);
  expect(lifecycle["storage-classes"]).toMatchObject({
    Status: "Enabled",
    Filter: { Prefix: "artifacts/" },
    Transitions: [{ Days: 0, StorageClass: "INTELLIGENT_TIERING" }],
  });
  // Nothing else of the rules went with the change.
  expect(Object.keys(lifecycle)).toHaveLength(5);
  expect(await stack.preview(changed)).toEqual([]);
});

it("previews the same environment with EKS Pod Identity: associations, and no token for IAM's provider", async () => {
  const steps = await stack.preview(
    valuesWith(() => ({ podIdentity: { eks: { clusterName: "mlflow-dev" } } })),
  );
  const made = steps.filter(({ urn }) => urn.includes("PodIdentityAssociation"));
  expect(made.map(({ op }) => op)).toEqual(["create", "create", "create"]);
  expect(made.map((step) => step.new?.inputs?.["serviceAccount"]).sort()).toEqual([
    "mlflow",
    "retention",
    "stale-runs",
  ]);
  for (const step of made)
    expect(step.new?.inputs).toMatchObject({ clusterName: "mlflow-dev", namespace });
  const trust = steps
    .filter(({ urn }) => urn.includes("aws:iam/role:Role"))
    .map(({ op, urn }) => [op, nameOf(urn)]);
  expect(trust).toHaveLength(2);
  expect(trust.every(([op]) => op === "update")).toBe(true);
});

it("previews a database server of the environment's own, which the packs accept; only AWS can make it", async () => {
  const rds = {
    engineVersion: "16",
    instanceClass: "db.t4g.medium",
    subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    clientSecurityGroupIds: ["sg-0123456789abcdef0"],
    storage: "50Gi",
    maxStorage: "200Gi",
    maxConnections: 400,
    owner: "platform@example.com",
  };
  const { environment, secrets } = valuesWith(() => ({ database: { rds } }));
  const { postgresqlAdminPassword: _, ...others } = secrets;
  const values = { environment, secrets: others };
  const own = await awsStack("aws-database", target.env);
  try {
    await own.instance("loan-checks", file());
    const steps = await own.preview(values);
    const made = steps
      .filter(({ urn, op }) => op === "create" && urn.includes("DatabaseServer"))
      .map(({ type }) => type);
    const types = [
      "ec2/securityGroup:SecurityGroup",
      "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ];
    for (const type of [
      "rds/instance:Instance",
      "rds/subnetGroup:SubnetGroup",
      "rds/parameterGroup:ParameterGroup",
      ...types,
    ]) {
      expect(made).toContain(`aws:${type}`);
    }
    expect(made.filter((type) => type === "aws:cloudwatch/logGroup:LogGroup")).toHaveLength(2);
    const instance = steps.find(({ urn }) => urn.includes("aws:rds/instance:Instance"));
    expect(instance?.new?.inputs).toMatchObject({
      storageEncrypted: true,
      manageMasterUserPassword: true,
      publiclyAccessible: false,
    });
    // On AWS it would be made, for money.
    if (!target.emulated) return;
    await own.instance("loan-checks", undefined);
    await expect(own.up(values)).rejects.toThrow(
      /aws:\w+\/\w+:\w+ is preview-only here: the stand-in plugin can't make a real \w+, only AWS can/,
    );
    expect((await own.resources()).filter(({ type }) => type.startsWith("aws:"))).toEqual([]);
  } finally {
    await own.destroy();
    await own.remove();
  }
});

it("goes with everything that it had at the services", async () => {
  await stack.destroy();
  removed = true;
  await expect(
    target.clients.s3.send(new HeadBucketCommand({ Bucket: bucket })),
  ).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  });
  for (const RoleName of Object.values(roles)) {
    await expect(target.clients.iam.send(new GetRoleCommand({ RoleName }))).rejects.toMatchObject({
      Code: "NoSuchEntity",
    });
  }
});
