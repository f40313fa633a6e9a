import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { Provider as Kubernetes } from "@pulumi/kubernetes/provider.js";
import { Provider as Postgresql } from "@pulumi/postgresql/provider.js";
import { Provider as Random } from "@pulumi/random/provider.js";
import {
  MlflowInstance,
  type MlflowInstanceArgs,
  type MlflowPlatformArgs,
} from "@mlflow-instances/components";
import type { NamedArgs, NamedPlatform } from "@mlflow-instances/components/internal";
import type { Outputs } from "./mocks.ts";

const autonamed = (inputs: any, name: string) => ({
  metadata: { ...inputs.metadata, name: inputs.metadata?.name ?? `${name}-0a1b2c3d` },
});

/** Secrets that a test looks for where they must not be. */
export const secrets = {
  accessKeyId: "AKIA-PLAIN",
  secretAccessKey: "secret-access-key-plain",
  privateKey: "private-key-plain",
};

/** A second key pair, for the maintenance jobs; also in plain. */
export const maintenanceSecrets = {
  accessKeyId: "AKIA-MAINTENANCE",
  secretAccessKey: "maintenance-secret-plain",
};

/** The value that the mocks give a generated password: recognizable, and another for each name. */
export function passwordOf(name: string): string {
  return `password${createHash("sha256").update(name).digest("hex").slice(0, 24)}`;
}

/** Every type that an instance may consist of. */
export const instanceTypes: Outputs = {
  "random:index/randomPassword:RandomPassword": (_inputs, name) => ({
    result: pulumi.secret(passwordOf(name)),
  }),
  "aws:s3/bucket:Bucket": (inputs) => ({ arn: `arn:aws:s3:::${inputs.bucket}` }),
  "aws:s3/bucketVersioning:BucketVersioning": () => ({}),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    () => ({}),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": () => ({}),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": () => ({}),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": () => ({}),
  "aws:s3/bucketPolicy:BucketPolicy": () => ({}),
  "aws:iam/role:Role": ({ path, name }) => ({
    arn: `arn:aws:iam::123456789012:role${path}${name}`,
  }),
  "aws:iam/rolePolicy:RolePolicy": () => ({}),
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": () => ({}),
  "aws:route53/record:Record": () => ({}),
  "postgresql:index/role:Role": () => ({}),
  "postgresql:index/database:Database": () => ({}),
  "postgresql:index/grant:Grant": () => ({}),
  "kubernetes:core/v1:Namespace": autonamed,
  "kubernetes:core/v1:ResourceQuota": autonamed,
  "kubernetes:core/v1:ServiceAccount": autonamed,
  "kubernetes:core/v1:Secret": autonamed,
  "kubernetes:core/v1:ConfigMap": autonamed,
  "kubernetes:core/v1:Service": autonamed,
  "kubernetes:apps/v1:Deployment": autonamed,
  "kubernetes:batch/v1:Job": autonamed,
  "kubernetes:batch/v1:CronJob": autonamed,
  "kubernetes:policy/v1:PodDisruptionBudget": autonamed,
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": autonamed,
  "kubernetes:networking.k8s.io/v1:Ingress": (inputs, name) => ({
    ...autonamed(inputs, name),
    status: {
      loadBalancer: { ingress: [{ hostname: "k8s-mlflow-0a1b.eu-central-1.elb.amazonaws.com" }] },
    },
  }),
};

/** A small valid platform: a store that can do little, keys, a certificate of its own. */
export const platformArgs = (): NamedPlatform => ({
  domain: "mlflow.test",
  environment: "local",
  image: "localhost/mlflow-tracking-server:3.17.2",
  objectStore: {
    endpoint: "https://10.213.0.2:7070",
    region: "eu-central-1",
    lifecycle: false,
    encryption: false,
    publicAccessBlock: false,
    objectOwnership: false,
    adminPrincipals: ["admin-user"],
  },
  postgresql: { host: "10.213.0.2", maxConnections: 100 },
  caBundle: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  ingress: {
    className: "traefik",
    tls: { source: "pem", certificate: "certificate-chain", privateKey: secrets.privateKey },
  },
  network: {
    databaseCidrs: ["10.213.0.2/32"],
    objectStoreCidrs: ["10.213.0.2/32"],
    ingressCidrs: ["10.213.0.2/32"],
  },
});

/** Arguments of a small valid instance. */
export function instanceArgs(
  changes: Partial<MlflowInstanceArgs> = {},
  platform: Partial<MlflowPlatformArgs> = {},
): NamedArgs {
  return {
    instanceName: "fraud-detector",
    team: "fraud",
    owner: "fraud-team@example.com",
    tier: "sandbox",
    // In plain, as a careless caller would pass it.
    bucketCredentials: {
      accessKeyId: secrets.accessKeyId,
      secretAccessKey: secrets.secretAccessKey,
      principal: "fraud-user",
    },
    maintenanceCredentials: { ...maintenanceSecrets, principal: "fraud-maintenance-user" },
    tokens: [
      { name: "ci", role: "edit", expires: "2027-02-20" },
      { name: "dashboard", role: "read", expires: "2027-05-01" },
    ],
    ...changes,
    platform: { ...platformArgs(), ...platform },
  };
}

/** Key of KMS in the bucket's region. */
export const kmsKeyArn =
  "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000";

export const irsa = {
  method: "irsa",
  oidcProviderArn:
    "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF",
} as const;

export const eksPodIdentity = { method: "podIdentity", clusterName: "mlflow-prod" } as const;

/** A valid platform on AWS: roles instead of keys, a load balancer with a certificate of its own. */
export const awsPlatformArgs = (): NamedPlatform => ({
  domain: "mlflow.example.com",
  environment: "prod",
  image: "localhost/mlflow-tracking-server:3.17.2",
  objectStore: {
    region: "eu-central-1",
    adminPrincipals: ["arn:aws:iam::123456789012:role/deploy"],
  },
  podIdentity: irsa,
  postgresql: { host: "mlflow-prod.abc.eu-central-1.rds.amazonaws.com", maxConnections: 400 },
  caBundle: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  ingress: {
    className: "alb",
    controller: "alb",
    tls: {
      source: "acm",
      certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b",
    },
  },
  network: {
    databaseCidrs: ["10.0.0.0/16"],
    endpointCidrs: ["10.0.0.0/16"],
    ingressCidrs: ["10.0.0.0/16"],
  },
});

/** Arguments of a valid instance on it. */
export function awsInstanceArgs(
  changes: Partial<MlflowInstanceArgs> = {},
  platform: Partial<MlflowPlatformArgs> = {},
): NamedArgs {
  const { bucketCredentials: _key, maintenanceCredentials: _maintenance, ...args } = instanceArgs();
  return { ...args, ...changes, platform: { ...awsPlatformArgs(), ...platform } };
}

/** Providers of all packages, named so that a test recognizes them. */
export function instanceProviders(): pulumi.ProviderResource[] {
  return [
    new Kubernetes("the-cluster", { kubeconfig: "{}" }),
    new Aws("the-object-store", { region: "eu-central-1" }),
    new Postgresql("the-database-server", { host: "10.213.0.2" }),
    new Random("the-random"),
  ];
}

export function newInstance(
  args: NamedArgs,
  opts: pulumi.ComponentResourceOptions = {},
): MlflowInstance {
  return new MlflowInstance(args.instanceName, args, { providers: instanceProviders(), ...opts });
}
