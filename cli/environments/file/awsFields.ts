import {
  connectionsOfInstance,
  preferredConnections,
  Tier,
  tierDefaults,
} from "@mlflow-instances/components/internal";
import { listOf, type Answers, type Field } from "../../form.ts";
import { number, onAws, truth, yesOrNo } from "./words.ts";

const perTier = Object.values(Tier)
  .map((tier) => `${connectionsOfInstance(preferredConnections(tierDefaults(tier)))} (${tier})`)
  .join(", ");

const optional = { optional: true } as const;
const onRds = (answers: Answers): boolean => onAws(answers) && answers["database"] === "rds";
const byIrsa = (answers: Answers): boolean => onAws(answers) && answers["pod-identity"] === "irsa";

const on = (applies: (answers: Answers) => boolean, ...fields: readonly Field[]): Field[] =>
  fields.map((field) => ({ applies, ...field }));

/** Account and cluster. */
export const accountFields: readonly Field[] = on(
  onAws,
  {
    flag: "--account <id>",
    question: "AWS account, 12 digits; any other is refused",
    path: ["platform", "accountId"],
  },
  {
    flag: "--region <region>",
    question: "AWS region of cluster, database and buckets",
    path: ["platform", "region"],
  },
  {
    flag: "--profile <name>",
    question: "AWS profile on the machine that deploys (default: the ambient credentials)",
    path: ["platform", "profile"],
    ...optional,
  },
  {
    flag: "--cluster-by <way>",
    question:
      "How is the EKS cluster named? name: AWS is asked for the rest; context: of a kubeconfig",
    choices: () => ["name", "context"],
    fallback: () => "name",
  },
  {
    flag: "--cluster <name>",
    question: "Name of the EKS cluster",
    path: ["platform", "kubernetes", "clusterName"],
    applies: (answers) => onAws(answers) && answers["cluster-by"] === "name",
  },
);

/** Roles, network, database server and buckets. */
export const cloudFields: readonly Field[] = [
  ...on(
    onAws,
    {
      flag: "--pod-identity <way>",
      question:
        "How pods get their roles: irsa (OIDC provider of the cluster) or eks (EKS Pod Identity)",
      path: (answer) => ["platform", "podIdentity", answer],
      value: () => ({}),
      choices: () => ["irsa", "eks"],
    },
    {
      flag: "--oidc-provider-arn <arn>",
      question: "ARN of the cluster's OIDC provider in IAM",
      path: ["platform", "podIdentity", "irsa", "oidcProviderArn"],
      applies: byIrsa,
    },
    {
      flag: "--pod-identity-cluster <name>",
      question: "Name of the EKS cluster, for the roles of its pods",
      path: ["platform", "podIdentity", "eks", "clusterName"],
      applies: (answers) =>
        onAws(answers) && answers["pod-identity"] === "eks" && answers["cluster-by"] === "context",
    },
    {
      flag: "--permissions-boundary-arn <arn>",
      question: "Permissions boundary of the instances' roles",
      path: ["platform", "permissionsBoundaryArn"],
      ...optional,
    },
    {
      flag: "--admin-role-arns <arns>",
      question:
        "Roles beside the instances' own that may use the buckets, the one that runs Pulumi among them; with commas",
      path: ["platform", "adminRoleArns"],
      value: listOf,
    },
    { flag: "--vpc <id>", question: "The cluster's VPC", path: ["platform", "vpc", "id"] },
    {
      flag: "--vpc-cidrs <ranges>",
      question: "Its address ranges, such as 10.0.0.0/16; with commas",
      path: ["platform", "vpc", "cidrs"],
      value: listOf,
    },
    {
      flag: "--database <which>",
      question: "Its PostgreSQL server: rds makes one, given is one that exists",
      choices: () => ["rds", "given"],
      fallback: () => "rds",
    },
  ),
  ...on(
    onRds,
    rds(
      "--rds-owner <address>",
      "E-mail address of who answers for the database server, a tag",
      "owner",
    ),
    rds("--rds-cost-center <text>", "Cost center of the server, a tag", "costCenter", optional),
    rds(
      "--rds-instance-class <class>",
      "RDS instance class, such as db.m7g.large",
      "instanceClass",
    ),
    rds(
      "--rds-subnets <ids>",
      "Private subnets of two availability zones at least; with commas",
      "subnetIds",
      { value: listOf },
    ),
    rds(
      "--rds-clients <ids>",
      "Security groups that may connect: the cluster's nodes, and where Pulumi runs; with commas",
      "clientSecurityGroupIds",
      {
        value: listOf,
      },
    ),
    rds("--rds-engine-version <version>", "PostgreSQL version", "engineVersion", {
      fallback: () => "16",
    }),
    rds("--rds-storage <size>", "Its volume at first", "storage", { fallback: () => "50Gi" }),
    rds(
      "--rds-max-storage <size>",
      "Size up to which it grows by itself (default: five times that)",
      "maxStorage",
      optional,
    ),
    rds(
      "--rds-multi-az <boolean>",
      "A standby in another zone (default: true in production)",
      "multiAz",
      {
        ...optional,
        choices: () => yesOrNo,
        value: truth,
      },
    ),
    rds(
      "--rds-backup-retention <days>",
      "For how long backups are kept, 1d to 35d (default: as long as instances keep deleted experiments, 7d at least)",
      "backupRetention",
      optional,
    ),
    rds(
      "--rds-kms-key-arn <arn>",
      "KMS key of volume and master secret (default: RDS' own)",
      "kmsKeyArn",
      optional,
    ),
    rds(
      "--rds-max-connections <count>",
      `max_connections of the server; instances take ${perTier}`,
      "maxConnections",
      {
        value: number,
      },
    ),
  ),
  ...on(
    onAws,
    {
      flag: "--bucket-prefix <text>",
      question: "Beginning of the buckets' names, which all of AWS shares",
      path: ["platform", "artifactStore", "bucketPrefix"],
      fallback: (answers) => `mlflow-${answers["account"]}-${answers["name"]}`.slice(0, 31),
    },
    {
      flag: "--kms-key-arn <arn>",
      question: "KMS key of the buckets (default: S3's own)",
      path: ["platform", "artifactStore", "kmsKeyArn"],
      ...optional,
    },
    {
      flag: "--storage-classes <way>",
      question:
        "standard, transitions (after 90 and 365 days) or intelligentTiering (default: standard)",
      path: ["platform", "artifactStore", "storageClasses"],
      choices: () => ["standard", "transitions", "intelligentTiering"],
      ...optional,
    },
  ),
];

function rds(flag: string, question: string, key: string, more: Partial<Field> = {}): Field {
  return { flag, question, path: ["platform", "database", "rds", key], ...more };
}
