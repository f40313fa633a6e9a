import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { fixtureRoot } from "../../support/fixtureStacks.ts";

const root = join(import.meta.dirname, "..", "..", "..");

interface Statement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string | string[];
  Condition?: object;
}

const documents = Object.fromEntries(
  ["instances", "database"].map((name) => {
    const text = readFileSync(join(root, "docs", "aws", `deploy-role-${name}.json`), "utf8");
    return [name, JSON.parse(text) as { Version: string; Statement: Statement[] }];
  }),
) as Record<"instances" | "database", { Version: string; Statement: Statement[] }>;

const tags = (service: string, tag: string, untag: string, list?: string) =>
  [tag, untag, ...(list === undefined ? [] : [list])].map((action) => `${service}:${action}`);
const rdsTags = tags("rds", "AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource");
const ec2Tags = tags("ec2", "CreateTags", "DeleteTags");

/**
 * What the official provider calls for each type that the program registers, and each function: by
 * the provider's documentation and source, as far as public. It was not measured; a missing one is
 * named by AWS in the error of the first update.
 */
const needs: Record<string, string[]> = {
  "s3/bucket": [
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketTagging",
    "s3:PutBucketTagging",
    // Since November 2025 the provider asks S3 Control first.
    ...tags("s3", "TagResource", "UntagResource", "ListTagsForResource"),
    // Each refresh reads everything that a bucket once had as a property of its own.
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketWebsite",
    "s3:GetBucketLogging",
    "s3:GetBucketRequestPayment",
    "s3:GetAccelerateConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetBucketPolicy",
    // forceDestroy of an instance whose deletion is prepared.
    "s3:ListBucketVersions",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
  ],
  "s3/bucketVersioning": ["s3:GetBucketVersioning", "s3:PutBucketVersioning"],
  "s3/bucketServerSideEncryptionConfiguration": [
    "s3:GetEncryptionConfiguration",
    "s3:PutEncryptionConfiguration",
  ],
  "s3/bucketPublicAccessBlock": ["s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"],
  "s3/bucketOwnershipControls": ["s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls"],
  "s3/bucketLifecycleConfiguration": [
    "s3:GetLifecycleConfiguration",
    "s3:PutLifecycleConfiguration",
  ],
  "s3/bucketPolicy": ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"],
  "iam/role": [
    ...["CreateRole", "GetRole", "UpdateRole", "UpdateAssumeRolePolicy", "DeleteRole"].map(
      (action) => `iam:${action}`,
    ),
    ...["ListRolePolicies", "ListAttachedRolePolicies", "ListInstanceProfilesForRole"].map(
      (action) => `iam:${action}`,
    ),
    ...["PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"].map(
      (action) => `iam:${action}`,
    ),
    ...tags("iam", "TagRole", "UntagRole"),
  ],
  "iam/rolePolicy": ["iam:PutRolePolicy", "iam:GetRolePolicy", "iam:DeleteRolePolicy"],
  "eks/podIdentityAssociation": [
    ...["Create", "Describe", "Update", "Delete"].map(
      (verb) => `eks:${verb}PodIdentityAssociation`,
    ),
    ...tags("eks", "TagResource", "UntagResource"),
    "iam:PassRole",
    "iam:GetRole",
  ],
  "route53/record": [
    "route53:ChangeResourceRecordSets",
    "route53:ListResourceRecordSets",
    "route53:GetHostedZone",
    "route53:GetChange",
  ],
  "eks/getCluster": ["eks:DescribeCluster"],
  "rds/instance": [
    ...[
      "CreateDBInstance",
      "ModifyDBInstance",
      "RebootDBInstance",
      "DeleteDBInstance",
      "DescribeDBInstances",
    ].map((action) => `rds:${action}`),
    // The final snapshot, and a server made from one.
    "rds:CreateDBSnapshot",
    "rds:RestoreDBInstanceFromDBSnapshot",
    ...rdsTags,
    // The master secret is made in the caller's name, and so is what a key of one's own has to
    // allow.
    "secretsmanager:CreateSecret",
    "secretsmanager:TagResource",
    "kms:DescribeKey",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
    "iam:CreateServiceLinkedRole",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeAvailabilityZones",
  ],
  "rds/subnetGroup": [
    ...[
      "CreateDBSubnetGroup",
      "ModifyDBSubnetGroup",
      "DeleteDBSubnetGroup",
      "DescribeDBSubnetGroups",
    ].map((action) => `rds:${action}`),
    ...rdsTags,
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:DescribeAvailabilityZones",
  ],
  "rds/parameterGroup": [
    ...["Create", "Modify", "Reset", "Delete"].map((verb) => `rds:${verb}DBParameterGroup`),
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBParameters",
    ...rdsTags,
  ],
  // A review environment lives on the server of the environment that it is made from.
  "rds/getInstance": ["rds:DescribeDBInstances", "rds:ListTagsForResource"],
  "secretsmanager/getSecretVersion": ["secretsmanager:GetSecretValue", "kms:Decrypt"],
  "ec2/securityGroup": [
    ...["CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroups"].map(
      (action) => `ec2:${action}`,
    ),
    // The rule that lets everything out, which AWS gives to a new group.
    "ec2:RevokeSecurityGroupEgress",
    // Whether something still uses a group that is to go.
    "ec2:DescribeNetworkInterfaces",
    ...ec2Tags,
  ],
  "vpc/securityGroupIngressRule": [
    ...[
      "AuthorizeSecurityGroupIngress",
      "RevokeSecurityGroupIngress",
      "ModifySecurityGroupRules",
    ].map((action) => `ec2:${action}`),
    "ec2:DescribeSecurityGroupRules",
    ...ec2Tags,
  ],
  "cloudwatch/logGroup": [
    ...[
      "CreateLogGroup",
      "DeleteLogGroup",
      "DescribeLogGroups",
      "PutRetentionPolicy",
      "DeleteRetentionPolicy",
    ].map((action) => `logs:${action}`),
    ...tags("logs", "TagResource", "UntagResource", "ListTagsForResource"),
  ],
  // Nothing of AWS' own.
  provider: [],
};

/** What the checks before the first resource ask. `sts:GetCallerIdentity` needs no permission. */
const preflight = [
  "s3:ListAllMyBuckets",
  "s3:ListBucket",
  "iam:GetRole",
  "eks:DescribeCluster",
  "eks:ListClusters",
  "route53:GetHostedZone",
];

/**
 * Modules of the AWS SDK of Pulumi that program and components import: what they register and call.
 */
function imported(): string[] {
  const files = ["components", "program"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
      .map((name) => readFileSync(join(root, folder, name), "utf8")),
  );
  const found = files.flatMap((text) =>
    [...text.matchAll(/from "@pulumi\/aws\/([A-Za-z0-9/]+)\.js"/g)].map(([, path]) => path!),
  );
  return [...new Set(found)].filter((path) => !path.startsWith("types")).sort();
}

const actionsOf = (statements: readonly Statement[]) =>
  [...new Set(statements.flatMap(({ Action }) => Action))].sort();
const all = [...documents.instances.Statement, ...documents.database.Statement];

test("the table names every type and function that the program uses, and no other", () => {
  expect(imported()).toEqual(Object.keys(needs).sort());
});

test("the role may do what these need and the checks ask, and nothing else", () => {
  expect(actionsOf(all)).toEqual(
    [...new Set([...Object.values(needs).flat(), ...preflight])].sort(),
  );
});

test("the role may look itself up, or its path in adminRoleArns is never compared", () => {
  const { config } = parse(
    readFileSync(join(fixtureRoot, "stacks", "Pulumi.dev.yaml"), "utf8"),
  ) as {
    config: Record<string, any>;
  };
  const own: string[] = config["mlflow-instances:environment"].platform.adminRoleArns;
  const lookedUp = documents.instances.Statement.filter(({ Action }) =>
    Action.includes("iam:GetRole"),
  ).flatMap(({ Resource }) => Resource);
  expect(lookedUp).toEqual(expect.arrayContaining(own));
});

test("whoever has a database server already needs the first document only", () => {
  const ofServer = /^(rds|ec2|secretsmanager|kms|logs):|^iam:CreateServiceLinkedRole$/;
  expect(
    actionsOf(documents.instances.Statement).filter((action) => ofServer.test(action)),
  ).toEqual([]);
  expect(
    actionsOf(documents.database.Statement).filter((action) => !ofServer.test(action)),
  ).toEqual([]);
});

describe.each(["instances", "database"] as const)("the document for %s", (name) => {
  const { Version, Statement } = documents[name];

  test("is one that IAM takes: its size without spaces, distinct ids, nothing but Allow", () => {
    expect(Version).toBe("2012-10-17");
    expect(JSON.stringify(documents[name]).length).toBeLessThanOrEqual(6144);
    expect(new Set(Statement.map(({ Sid }) => Sid)).size).toBe(Statement.length);
    for (const { Effect, Sid } of Statement)
      expect([Effect, Sid]).toEqual(["Allow", expect.stringMatching(/^[A-Za-z0-9]+$/)]);
  });

  test("has no wildcard action, and names what it is about wherever AWS can tell", () => {
    for (const { Action } of Statement)
      for (const action of Action) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z0-9]+$/);
    // These have no resource: AWS takes nothing but `*` for them.
    const open = Statement.filter(({ Resource }) => [Resource].flat().includes("*")).flatMap(
      ({ Action }) => Action,
    );
    for (const action of open)
      expect(action).toMatch(/^(s3:ListAllMyBuckets|eks:ListClusters|ec2:Describe\w+)$/);
  });

  test("writes to nothing outside of the environment dev, whose names everything begins with or whose tag it has", () => {
    const writes = Statement.filter(({ Action }) =>
      Action.some((action) => !/:(Describe|List|Get)/.test(action)),
    );
    for (const { Sid, Resource, Condition } of writes) {
      const named = [Resource]
        .flat()
        .every((arn) =>
          /mlflow-dev|example-mlflow-dev|hostedzone\/Z|key\/|rds!db-|AWSServiceRoleForRDS|og:default:/.test(
            arn,
          ),
        );
      const tagged = JSON.stringify(Condition ?? {}).includes("mlflow-instances/environment");
      const born = ["MakeSecurityGroup", "TagSecurityGroup"].includes(Sid);
      expect([Sid, named || tagged || born]).toEqual([Sid, true]);
    }
  });
});
