// Where the AWS tests go: moto in the network of the embedded platform or, when asked for, an
// account of AWS.
import { readFile } from "node:fs/promises";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { parse } from "yaml";
import type { ReadyPlatform } from "../../../local/commands/up.ts";
import { profileNetwork } from "../../../local/paths.ts";
import type { StackValues } from "../../../local/stack/values.ts";
import { emulatedAccount, startAwsEmulator } from "./awsEmulator.ts";

/** An environment of kind aws, and who looks at what it made. */
export interface AwsTarget {
  /** false: what is made costs money. */
  readonly emulated: boolean;
  readonly values: StackValues;
  readonly kubeconfigPath: string;
  /** Variables of the Pulumi CLI: the credentials of a role that may administer the buckets. */
  readonly env: Record<string, string>;
  /** Texts of these credentials, none of which may be in a state or a Secret. */
  readonly credentials: readonly string[];
  readonly kmsKeyArn: string;
  readonly boundaryArn: string | undefined;
  readonly clients: { readonly s3: S3Client; readonly iam: IAMClient };
  /** What a pod needs besides its own variables to reach STS here. */
  readonly podEnv: Record<string, string>;
  /** Runs something that reads or writes objects of a bucket. */
  withObjects<T>(bucket: string, work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const region = "eu-central-1";
const role = (name: string): string => `arn:aws:iam::${emulatedAccount}:role/${name}`;

/** `caFile`: where a pod of an instance finds the environment's authorities. */
export async function awsTarget(
  ready: Pick<ReadyPlatform, "platform" | "image">,
  caFile: string,
): Promise<AwsTarget> {
  return process.env["MLFLOW_INSTANCES_AWS_TEST"] === "1" ? realAws() : emulatedAws(ready, caFile);
}

async function emulatedAws(
  { platform, image }: Pick<ReadyPlatform, "platform" | "image">,
  caFile: string,
): Promise<AwsTarget> {
  const { nodeIp, namespace, linkCidr, dnsIp } = profileNetwork(platform.profile);
  const aws = await startAwsEmulator({ address: nodeIp, networkNamespace: namespace });
  const settings = {
    endpoint: aws.endpoint,
    region,
    requestHandler: { httpsAgent: { ca: aws.ca } },
  };
  const root = { ...settings, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  const iam = new IAMClient(root);
  await iam.send(
    new CreateRoleCommand({
      RoleName: "deploy",
      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
    }),
  );
  const sts = new STSClient(root);
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: role("deploy"), RoleSessionName: "engine-test" }),
  );
  sts.destroy();
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  const text = async (path: string): Promise<string> => (await readFile(path, "utf8")).trim();
  const boundaryArn = `arn:aws:iam::${emulatedAccount}:policy/instances`;
  const environment = {
    domain: platform.domain,
    platform: {
      kind: "aws",
      accountId: emulatedAccount,
      region,
      kubernetes: { kubeconfig: platform.kubeconfigPath, context: platform.kubeContext },
      podIdentity: {
        irsa: {
          oidcProviderArn: `arn:aws:iam::${emulatedAccount}:oidc-provider/oidc.eks.${region}.amazonaws.com/id/0123456789ABCDEF`,
        },
      },
      permissionsBoundaryArn: boundaryArn,
      adminRoleArns: [role("deploy")],
      vpc: { id: "vpc-0123456789abcdef0", cidrs: [linkCidr] },
      database: {
        given: {
          host: platform.postgresql.host,
          port: platform.postgresql.port,
          adminUser: platform.postgresql.adminUser,
          sslMode: "verify-full",
          superuser: true,
          maxConnections: platform.postgresql.maxConnections,
          // The server is Debian's, and no RDS.
          characterType: "C.UTF-8",
        },
      },
      artifactStore: { endpoints: { s3: aws.endpoint, iam: aws.endpoint, sts: aws.endpoint } },
      ingress: {
        className: platform.ingress.className,
        controller: "traefik",
        controllerCidrs: platform.ingress.cidrs,
        tls: { source: "pem" },
      },
      network: { dnsCidrs: [`${dnsIp}/32`] },
      image,
      caBundle: `${await text(platform.caPath)}\n${aws.ca.trim()}\n`,
    },
    artifacts: { access: "proxied" },
  };
  const s3 = new S3Client({ ...root, forcePathStyle: true });
  return {
    emulated: true,
    values: {
      environment,
      secrets: {
        postgresqlAdminPassword: await text(platform.postgresql.adminPasswordFile),
        tlsCertificate: `${await text(platform.tls.certificatePath)}\n`,
        tlsPrivateKey: `${await text(platform.tls.privateKeyPath)}\n`,
      },
    },
    kubeconfigPath: platform.kubeconfigPath,
    env: {
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: SessionToken,
      // Nothing of this machine's own settings.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    credentials: [AccessKeyId, SecretAccessKey, SessionToken],
    kmsKeyArn: `arn:aws:kms:${region}:${emulatedAccount}:key/0b7f6a52-0000-4000-8000-000000000000`,
    boundaryArn,
    clients: { s3, iam },
    podEnv: { AWS_ENDPOINT_URL_STS: aws.endpoint, AWS_CA_BUNDLE: caFile },
    // moto 5.2.5 takes a statement whose condition is not met for a refusal, and with it every
    // object of a bucket that refuses anything under a condition.
    withObjects: async (Bucket, work) => {
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      try {
        return await work();
      } finally {
        await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      }
    },
    stop: async () => {
      s3.destroy();
      iam.destroy();
      await aws.stop();
    },
  };
}

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "")
    throw new Error(`MLFLOW_INSTANCES_AWS_TEST=1, but ${name} is not set`);
  return value;
};

interface ValuesFile {
  environment: {
    platform: {
      region: string;
      profile?: string;
      permissionsBoundaryArn?: string;
      kubernetes: { kubeconfig?: string };
    };
  };
  secretFiles?: Record<string, string>;
}

async function realAws(): Promise<AwsTarget> {
  const { environment, secretFiles = {} } = parse(
    await readFile(variable("MLFLOW_INSTANCES_AWS_TEST_VALUES"), "utf8"),
  ) as ValuesFile;
  const { region: home, profile, permissionsBoundaryArn, kubernetes } = environment.platform;
  if (kubernetes.kubeconfig === undefined)
    throw new Error(
      "the test asks the cluster itself, so platform.kubernetes has to name a kubeconfig",
    );
  const secrets = await Promise.all(
    Object.entries(secretFiles).map(
      async ([key, path]) => [key, (await readFile(path, "utf8")).trimEnd()] as const,
    ),
  );
  const settings = { region: home, ...(profile === undefined ? {} : { profile }) };
  const [s3, iam] = [new S3Client(settings), new IAMClient(settings)];
  const { accessKeyId, secretAccessKey, sessionToken } = await s3.config.credentials();
  return {
    emulated: false,
    values: { environment: { ...environment }, secrets: Object.fromEntries(secrets) },
    kubeconfigPath: kubernetes.kubeconfig,
    env: {},
    credentials: [
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? [] : [sessionToken]),
    ],
    kmsKeyArn: variable("MLFLOW_INSTANCES_AWS_TEST_KMS_KEY_ARN"),
    boundaryArn: permissionsBoundaryArn,
    clients: { s3, iam },
    podEnv: {},
    withObjects: (_bucket, work) => work(),
    stop: async () => {
      s3.destroy();
      iam.destroy();
    },
  };
}
