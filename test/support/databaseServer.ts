import { Provider as Aws } from "@pulumi/aws/provider.js";
import { DatabaseServer } from "@mlflow-instances/components";
import type { NamedServerArgs } from "@mlflow-instances/components/internal";
import { runWithMocks, type Calls, type MockRun, type Outputs } from "./mocks.ts";

/** Arn of the secret that RDS makes for the master user. */
export const masterSecretArn =
  "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-0a1b2c3d-AbCdEf";

/** Password that RDS has put into it: recognizable. */
export const masterPassword = "master-password-0a1b2c3d4e5f";

/** Every type that a database server consists of. */
export const databaseServerTypes: Outputs = {
  "aws:rds/subnetGroup:SubnetGroup": (_inputs, name) => ({ name: `${name}-0a1b2c3` }),
  "aws:ec2/securityGroup:SecurityGroup": (_inputs, name) => ({ name: `${name}-0a1b2c3` }),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": () => ({}),
  "aws:rds/parameterGroup:ParameterGroup": (_inputs, name) => ({ name: `${name}-0a1b2c3` }),
  "aws:cloudwatch/logGroup:LogGroup": () => ({}),
  "aws:rds/instance:Instance": (inputs) => ({
    address: `${inputs.identifier}.c0ffee.eu-central-1.rds.amazonaws.com`,
    masterUserSecrets: [{ kmsKeyId: "", secretArn: masterSecretArn, secretStatus: "active" }],
  }),
};

/** The secret as RDS writes it; the mocks, like a careless provider, don't mark it as one. */
export const databaseServerCalls: Calls = {
  "aws:secretsmanager/getSecretVersion:getSecretVersion": ({ secretId }) => ({
    id: `${secretId}|AWSCURRENT`,
    secretId,
    secretString: JSON.stringify({ username: "mlflow_admin", password: masterPassword }),
  }),
};

/** Arguments of a small valid server. */
export function databaseServerArgs(changes: Partial<NamedServerArgs> = {}): NamedServerArgs {
  return {
    environment: "dev",
    tier: "standard",
    owner: "platform@example.com",
    engineVersion: "16",
    instanceClass: "db.t4g.medium",
    maxConnections: 400,
    vpcId: "vpc-0123456789abcdef0",
    subnetIds: ["subnet-0a", "subnet-0b"],
    clientSecurityGroupIds: ["sg-0c"],
    ...changes,
  };
}

export interface ServerRun extends MockRun {
  server: DatabaseServer;
}

/** Registers a server named `mlflow-dev` against mocks. */
export async function runServer(
  changes: Partial<NamedServerArgs> = {},
  { calls = databaseServerCalls, types = databaseServerTypes } = {},
): Promise<ServerRun> {
  let server: DatabaseServer | undefined;
  const run = await runWithMocks(
    types,
    () => {
      server = new DatabaseServer("mlflow-dev", databaseServerArgs(changes), {
        providers: { aws: new Aws("the-account", { region: "eu-central-1" }) },
      });
    },
    false,
    calls,
  );
  if (server === undefined) throw new Error("no server was made");
  return { ...run, server };
}
