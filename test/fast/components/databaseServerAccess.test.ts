import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import {
  databaseServerCalls,
  masterPassword,
  masterSecretArn,
  runServer,
} from "../../support/databaseServer.ts";
import { valueOf } from "../../support/mocks.ts";

// In whose account the server lies, who reaches it, and what one needs to log in.

const getSecretVersion = "aws:secretsmanager/getSecretVersion:getSecretVersion";

test("every child has the caller's provider and the server as its parent; the secret is read through it, too", async () => {
  const asked: (string | undefined)[] = [];
  const { registrations } = await runServer(
    {},
    {
      calls: {
        [getSecretVersion]: (inputs, provider) => {
          asked.push(provider);
          return databaseServerCalls[getSecretVersion]!(inputs, provider);
        },
      },
    },
  );
  for (const { name, provider, parent } of registrations.filter(({ custom }) => custom)) {
    expect(provider, name).toContain("::the-account::");
    expect(parent, name).toMatch(/::mlflow-instances:index:DatabaseServer::mlflow-dev$/);
  }
  expect(asked.length).toBe(1);
  expect(asked[0]).toContain("::the-account::");
});

test("each client opens exactly the port, by its own name, and nothing else is opened", async () => {
  const { all } = await runServer({
    clientSecurityGroupIds: ["sg-0c", "sg-0d"],
    clientCidrs: ["10.0.0.0/16", "fd00:1::/64"],
  });
  const rules = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  expect(
    rules.map(({ name, inputs }) => [
      name,
      inputs.referencedSecurityGroupId ?? inputs.cidrIpv4 ?? inputs.cidrIpv6,
    ]),
  ).toEqual([
    ["mlflow-dev-from-sg-0c", "sg-0c"],
    ["mlflow-dev-from-sg-0d", "sg-0d"],
    ["mlflow-dev-from-10.0.0.0-16", "10.0.0.0/16"],
    ["mlflow-dev-from-fd00-1---64", "fd00:1::/64"],
  ]);
  for (const { inputs } of rules)
    expect(inputs).toMatchObject({ ipProtocol: "tcp", fromPort: 5432, toPort: 5432 });
  expect(
    rules.map(
      ({ inputs }) =>
        Object.keys(inputs).filter((field) => /cidr|referenced|prefix/.test(field)).length,
    ),
  ).toEqual([1, 1, 1, 1]);
});

test("a client of the same program has no id yet, so its rule has its place", async () => {
  const group = pulumi.output(Promise.resolve("sg-0e"));
  const cidr = pulumi.output(Promise.resolve("10.1.0.0/16"));
  const { all } = await runServer({
    clientSecurityGroupIds: ["sg-0c", group],
    clientCidrs: [cidr],
    kmsKeyArn: pulumi.output(Promise.resolve("arn:aws:kms:eu-central-1:123456789012:key/0a1b")),
  });
  const rules = all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  expect(
    rules.map(({ name, inputs }) => [name, inputs.referencedSecurityGroupId ?? inputs.cidrIpv4]),
  ).toEqual([
    ["mlflow-dev-from-sg-0c", "sg-0c"],
    ["mlflow-dev-from-security-group-1", "sg-0e"],
    ["mlflow-dev-from-cidr-0", "10.1.0.0/16"],
  ]);
});

test("who waits for the server may connect to it, and its logs have their groups", async () => {
  const { one } = await runServer();
  const names = one("mlflow-dev-server").dependencies.map((urn) => urn.split("::").at(-1));
  expect(names).toEqual(
    expect.arrayContaining([
      "mlflow-dev-from-sg-0c",
      "mlflow-dev-postgresql-log",
      "mlflow-dev-upgrade-log",
      "mlflow-dev-parameters",
    ]),
  );
});

test("the outputs are what instances and the postgresql provider need", async () => {
  const { server, outputsOf } = await runServer();
  expect(await valueOf(server.host)).toBe("mlflow-dev.c0ffee.eu-central-1.rds.amazonaws.com");
  expect([server.port, server.adminUser, server.maxConnections, server.identifier]).toEqual([
    5432,
    "mlflow_admin",
    400,
    "mlflow-dev",
  ]);
  expect(outputsOf("mlflow-instances:index:DatabaseServer", "mlflow-dev")).toEqual({
    host: "mlflow-dev.c0ffee.eu-central-1.rds.amazonaws.com",
    port: 5432,
    adminUser: "mlflow_admin",
    maxConnections: 400,
    identifier: "mlflow-dev",
  });
});

test("the master password is read from the secret that RDS manages, and is a secret whatever the provider says", async () => {
  const asked: string[] = [];
  const { server, registrations, outputsOf } = await runServer(
    {},
    {
      calls: {
        [getSecretVersion]: (inputs, provider) => {
          asked.push(inputs.secretId);
          return databaseServerCalls[getSecretVersion]!(inputs, provider);
        },
      },
    },
  );
  expect(await pulumi.isSecret(server.adminPassword)).toBe(true);
  expect(await valueOf(server.adminPassword)).toBe(masterPassword);
  expect(asked).toEqual([masterSecretArn]);
  // Not in an envelope either: nobody in here needs it.
  const seen = JSON.stringify([
    registrations,
    outputsOf("mlflow-instances:index:DatabaseServer", "mlflow-dev"),
  ]);
  expect(seen).not.toContain(masterPassword);
  expect(seen).toContain("manageMasterUserPassword");
  expect(registrations.find(({ custom }) => !custom)?.sealed).toEqual({});
});
