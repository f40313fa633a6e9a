import { DatabaseServer } from "@mlflow-instances/components";
import {
  masterPasswordOf,
  masterSecretOf,
  type ResolvedInstance,
} from "@mlflow-instances/components/internal";
import { getClusterOutput } from "@pulumi/aws/eks/getCluster.js";
import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { getInstanceOutput } from "@pulumi/aws/rds/getInstance.js";
import { getSecretVersionOutput } from "@pulumi/aws/secretsmanager/getSecretVersion.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { factsOf } from "../../platforms/index.ts";
import { serverHomeOf } from "../../platforms/aws/kind.ts";
import { caFileOf } from "../../environment/caFile.ts";
import { secret } from "../../environment/config.ts";
import { eksKubeconfig } from "../../platforms/aws/eksKubeconfig.ts";
import { surroundingsOf, type Environment } from "../../environment/environment.ts";
import type { Resources } from "../resources.ts";
import { postgresqlProvider, type Server } from "../postgresql.ts";
import type { AwsPlatform } from "../../platforms/aws/schema.ts";
import { serverArgs, serverName, type RdsSettings } from "../../platforms/aws/rds.ts";

/**
 * Providers for one account of AWS, and the database server where the environment has one of its
 * own.
 */
export function createAws(
  environment: Environment,
  platform: AwsPlatform,
  instances: readonly ResolvedInstance[],
): Resources {
  const aws = awsProvider(platform);
  const kubernetes = kubernetesProvider(environment.name, platform, aws);
  const server = serverOf(environment, platform, instances, aws);
  // Nothing else of it: what an instance is told becomes its arguments.
  const database = { host: server.host, port: server.port };
  return { providers: [kubernetes, aws, postgresqlProvider(platform, server)], database };
}

function awsProvider(platform: AwsPlatform): AwsProvider {
  const { region, profile, accountId, artifactStore } = platform;
  const endpoints = artifactStore?.endpoints;
  return new AwsProvider("aws", {
    region,
    ...(profile === undefined ? {} : { profile }),
    // The wrong shell, or the wrong profile, ends here and not in another account's resources.
    allowedAccountIds: [accountId],
    ...(endpoints === undefined ? {} : { endpoints: [endpoints] }),
    // Such an endpoint has no host name for each bucket.
    ...(endpoints?.s3 === undefined ? {} : { s3UsePathStyle: true }),
    ...caFileOf("customCaBundle", factsOf(platform).storeAuthorities()),
  });
}

function kubernetesProvider(
  environment: string,
  platform: AwsPlatform,
  aws: AwsProvider,
): KubernetesProvider {
  const { kubernetes, region, profile } = platform;
  // As for any cluster: see existing/providers.ts.
  const common = {
    clusterIdentifier: environment,
    enableSecretMutable: true,
    enablePatchForce: true,
  };
  if (kubernetes.clusterName === undefined)
    return new KubernetesProvider("kubernetes", {
      kubeconfig: kubernetes.kubeconfig,
      context: kubernetes.context,
      ...common,
    });
  const name = kubernetes.clusterName;
  const kubeconfig = getClusterOutput({ name }, { provider: aws }).apply(
    ({ endpoint, certificateAuthorities }) =>
      eksKubeconfig(
        { name, endpoint, authority: certificateAuthorities[0]?.data ?? "" },
        { region, profile },
      ),
  );
  return new KubernetesProvider("kubernetes", { kubeconfig, ...common });
}

function serverOf(
  environment: Environment,
  platform: AwsPlatform,
  instances: readonly ResolvedInstance[],
  aws: AwsProvider,
): Server {
  const { rds, given } = platform.database;
  if (rds === undefined) return { ...given, adminPassword: secret("postgresqlAdminPassword") };
  const made =
    environment.preview === undefined
      ? ownServer(environment, platform, rds, instances, aws)
      : serverOfBase(rds, aws);
  return { ...made, sslMode: "verify-full", superuser: false };
}

type Made = Pick<Server, "host" | "port" | "adminUser" | "adminPassword">;

function ownServer(
  environment: Environment,
  platform: AwsPlatform,
  rds: RdsSettings,
  instances: readonly ResolvedInstance[],
  aws: AwsProvider,
): Made {
  const retentions = instances.map(({ deletedExperimentRetention }) => deletedExperimentRetention);
  return new DatabaseServer(
    serverName(environment.name),
    serverArgs(rds, serverHomeOf(surroundingsOf(environment), platform), retentions),
    {
      providers: [aws],
    },
  );
}

// A review environment lives on the server of the environment that it was made from: one of its
// own would take a quarter of an hour.
function serverOfBase({ identifier }: RdsSettings, provider: AwsProvider): Made {
  const server = getInstanceOutput({ dbInstanceIdentifier: identifier! }, { provider });
  const { secretString } = getSecretVersionOutput(
    { secretId: server.masterUserSecrets.apply(masterSecretOf) },
    { provider },
  );
  return {
    host: server.address,
    // That of every server which the component makes.
    port: 5432,
    adminUser: server.masterUsername,
    adminPassword: pulumi.secret(secretString.apply(masterPasswordOf)),
  };
}
