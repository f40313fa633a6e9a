import { test } from "vitest";
import { expectErrors, given, type Case } from "./awsErrors.ts";

// What can't work on AWS, told from the values alone: buckets, keys, certificates, load
// balancer and database server.

const cases: Case[] = [
  [
    "KMS key of another region and account",
    (p) =>
      (p.artifactStore = {
        kmsKeyArn: "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      }),
    [
      "artifactStore.kmsKeyArn: is of region us-east-1, but the environment is in eu-central-1",
      "artifactStore.kmsKeyArn: is of account 210987654321, but the environment is in 123456789012",
    ],
  ],
  [
    "alias of a KMS key",
    (p) => (p.artifactStore = { kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:alias/mlflow" }),
    [
      'artifactStore.kmsKeyArn: is "arn:aws:kms:eu-central-1:123456789012:alias/mlflow"; expected an ARN such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ],
  ],
  [
    "certificate of another region",
    (p) =>
      (p.ingress.tls.certificateArn = p.ingress.tls.certificateArn.replace(
        "eu-central-1",
        "us-east-1",
      )),
    ["ingress.tls.certificateArn: is of region us-east-1, but the environment is in eu-central-1"],
  ],
  [
    "two servers",
    (p) => (p.database.given = given),
    ["database: has rds and given: one environment has one server; remove the other"],
  ],
  [
    "a given server by name alone",
    (p) => (p.database = { given: { ...given, host: "db.example.com" } }),
    [
      'network.databaseCidrs: is missing: "db.example.com" is a name, and network policies open addresses only',
    ],
  ],
  [
    "a load balancer with a certificate of Kubernetes",
    (p) => (p.ingress.tls = { source: "certManager", clusterIssuer: "ca" }),
    [
      "ingress.tls.source: is certManager, but an AWS load balancer takes its certificates from ACM only; set it to acm",
    ],
  ],
  [
    "a load balancer in a namespace",
    (p) => (p.ingress.controllerNamespace = "kube-system"),
    [
      "ingress.controllerNamespace: is set, but it is the load balancer that connects to the pods, and not the controller's; leave it out",
    ],
  ],
  [
    "a group's largest upload without a group",
    (p) => {
      delete p.ingress.groupName;
      p.ingress.groupTemporaryStorage = "40Gi";
    },
    [
      "ingress.groupTemporaryStorage: is set without groupName: a load balancer of an instance's own follows its temporaryStorage; leave it out",
    ],
  ],
  [
    "Traefik as if it were a load balancer",
    (p) => Object.assign(p.ingress, { controller: "traefik", scheme: "internal" }),
    [
      "ingress.tls.source: is acm, but traefik can't show a certificate that lies in ACM; only alb can",
      "ingress.scheme: is set, but only controller alb has it, and the controller is traefik",
      "ingress.groupName: is set, but only controller alb has it, and the controller is traefik",
      "ingress: has neither controllerNamespace nor controllerCidrs; one says who may connect to the instances",
    ],
  ],
  [
    "plain HTTP, and a service that nobody calls",
    (p) =>
      (p.artifactStore = { endpoints: { s3: "http://10.0.0.1:5000", sqs: "https://10.0.0.1" } }),
    [
      'artifactStore.endpoints.s3: is "http://10.0.0.1:5000"; expected an https:// address',
      "artifactStore.endpoints.sqs: unknown key; known here: s3, iam, sts, rds, ec2, eks, kms, secretsmanager, route53",
    ],
  ],
  [
    "an old PostgreSQL",
    (p) => (p.database.rds.engineVersion = "13"),
    [
      'database.rds.engineVersion: is "13", but must be a major version of PostgreSQL that is 14 or later, such as 16',
    ],
  ],
  [
    "a number as the version",
    (p) => (p.database.rds.engineVersion = 16),
    ['database.rds.engineVersion: is 16, not a text; write it in quotes, such as "16"'],
  ],
  [
    "more connections than the class has memory for",
    (p) => Object.assign(p.database.rds, { instanceClass: "db.t4g.micro", maxConnections: 400 }),
    [
      "database.rds.maxConnections: is 400, but must be at most 112, which is RDS' own value for the 1 GiB of db.t4g.micro; lower it or take a larger instanceClass",
    ],
  ],
  [
    "no class",
    (p) => (p.database.rds.instanceClass = "t4g.medium"),
    [
      'database.rds.instanceClass: is "t4g.medium", but must be an instance class such as db.t4g.medium',
    ],
  ],
  [
    "too little storage, and no room to grow",
    (p) => Object.assign(p.database.rds, { storage: "10Gi", maxStorage: "70000Gi" }),
    [
      'database.rds.storage: is "10Gi", but must be whole Gi from 20Gi to 65536Gi',
      'database.rds.maxStorage: is "70000Gi", but must be whole Gi, at least a tenth more than storage and at most 65536Gi',
    ],
  ],
  [
    "storage without a unit",
    (p) => (p.database.rds.storage = "50"),
    ['database.rds.storage: is "50"; expected a size with its unit, for example 512Mi or 20Gi'],
  ],
  [
    "one subnet twice, and a security group that is none",
    (p) =>
      Object.assign(p.database.rds, {
        subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef0"],
        clientSecurityGroupIds: ["sg"],
      }),
    [
      "database.rds.subnetIds: must be at least two different subnets, in two availability zones",
      'database.rds.clientSecurityGroupIds[0]: is "sg", but must be the id of a security group: sg-…',
    ],
  ],
  [
    "backups for longer than RDS keeps any",
    (p) => (p.database.rds.backupRetention = "90d"),
    [
      'database.rds.backupRetention: is "90d", but must be a number of days from 1d to 35d (RDS keeps no longer: AWS Backup has plans for that)',
    ],
  ],
  [
    "KMS key of the server in another region",
    (p) =>
      (p.database.rds.kmsKeyArn =
        "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ["database.rds.kmsKeyArn: is of region us-east-1, but the environment is in eu-central-1"],
  ],
  [
    "a key in the plain config",
    (p) => (p.artifactStore = { secretAccessKey: "hunter2-Xyzzy" }),
    [
      "artifactStore.secretAccessKey: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
    ],
  ],
];

test.each(cases)("%s", (_, change, errors) => expectErrors(change, errors));
