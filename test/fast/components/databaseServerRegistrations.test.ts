import * as pulumi from "@pulumi/pulumi";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { describe, expect, test, vi } from "vitest";
import { DatabaseServer } from "@mlflow-instances/components";
import {
  databaseServerArgs,
  databaseServerCalls,
  databaseServerTypes,
  masterPassword,
  masterSecretArn,
  runServer,
} from "../../support/databaseServer.ts";
import { runWithMocks, valueOf } from "../../support/mocks.ts";

const getSecretVersion = "aws:secretsmanager/getSecretVersion:getSecretVersion";
const key = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000";

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

describe("guards", () => {
  const guards = async (changes: Parameters<typeof runServer>[0]) => {
    const { one, registrations } = await runServer(changes);
    const { inputs, protect, retainOnDelete } = one("mlflow-dev-server");
    expect(
      registrations.filter((each) => each.protect || each.retainOnDelete).map(({ name }) => name),
    ).toEqual(protect ? ["mlflow-dev-server"] : []);
    const {
      deletionProtection,
      skipFinalSnapshot,
      finalSnapshotIdentifier,
      deleteAutomatedBackups,
    } = inputs;
    return [
      protect,
      retainOnDelete,
      deletionProtection,
      skipFinalSnapshot,
      finalSnapshotIdentifier,
      deleteAutomatedBackups,
    ];
  };

  test("by tier", async () => {
    expect(await guards({ tier: "production" })).toEqual([
      true,
      true,
      true,
      false,
      "mlflow-dev-final",
      false,
    ]);
    expect(await guards({ tier: "standard" })).toEqual([
      true,
      true,
      true,
      false,
      "mlflow-dev-final",
      false,
    ]);
    expect(await guards({ tier: "sandbox" })).toEqual([false, false, false, true, undefined, true]);
  });

  test("a server that may be deleted still leaves its snapshot", async () => {
    expect(await guards({ tier: "production", protect: false })).toEqual([
      false,
      false,
      false,
      false,
      "mlflow-dev-final",
      false,
    ]);
    expect(
      await guards({ tier: "production", protect: false, finalSnapshotIdentifier: "last-one" }),
    ).toEqual([false, false, false, false, "last-one", false]);
    expect(await guards({ tier: "sandbox", protect: true, finalSnapshot: true })).toEqual([
      true,
      true,
      true,
      false,
      "mlflow-dev-final",
      false,
    ]);
  });
});

test("defaults by tier: a standby for production, backups as long as deleted experiments are kept", async () => {
  const of = async (changes: Parameters<typeof runServer>[0]) => {
    const { multiAz, backupRetentionPeriod } = (await runServer(changes)).one(
      "mlflow-dev-server",
    ).inputs;
    return [multiAz, backupRetentionPeriod];
  };
  expect(await of({ tier: "sandbox" })).toEqual([false, 7]);
  expect(await of({ tier: "standard" })).toEqual([false, 30]);
  expect(await of({ tier: "production" })).toEqual([true, 30]);
  expect(await of({ tier: "production", multiAz: false, backupRetention: "35d" })).toEqual([
    false,
    35,
  ]);
});

test("everything that may be said is said to RDS in its units", async () => {
  const { one, server } = await runServer({
    identifier: "experiments",
    engineVersion: "17",
    allowMajorVersionUpgrade: true,
    storage: "50Gi",
    maxStorage: "200Gi",
    kmsKeyArn: key,
    backupWindow: "22:00-23:00",
    maintenanceWindow: "mon:02:00-mon:03:00",
    applyImmediately: true,
    logRetention: "90d",
    adminUser: "root_of_all",
    snapshotIdentifier: "mlflow-dev-final",
    costCenter: "4711",
  });
  expect(one("mlflow-dev-server").inputs).toMatchObject({
    identifier: "experiments",
    engineVersion: "17",
    allowMajorVersionUpgrade: true,
    allocatedStorage: 50,
    maxAllocatedStorage: 200,
    kmsKeyId: key,
    masterUserSecretKmsKeyId: key,
    performanceInsightsKmsKeyId: key,
    backupWindow: "22:00-23:00",
    maintenanceWindow: "mon:02:00-mon:03:00",
    applyImmediately: true,
    username: "root_of_all",
    snapshotIdentifier: "mlflow-dev-final",
    finalSnapshotIdentifier: "experiments-final",
    tags: { "cost-center": "4711" },
  });
  expect(one("mlflow-dev-parameters").inputs.family).toBe("postgres17");
  expect(one("mlflow-dev-upgrade-log").inputs).toMatchObject({
    name: "/aws/rds/instance/experiments/upgrade",
    retentionInDays: 90,
  });
  expect([server.identifier, server.adminUser]).toEqual(["experiments", "root_of_all"]);
});

test("what the server was made from does not replace it later, and nothing else is ignored", async () => {
  const { registrations } = await runServer({ snapshotIdentifier: "mlflow-dev-final" });
  expect(
    registrations.flatMap(({ name, ignoreChanges }) => ignoreChanges.map((path) => [name, path])),
  ).toEqual([["mlflow-dev-server", "snapshotIdentifier"]]);
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

test("a class that nobody here knows is said, and nothing is refused for it", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  await runServer();
  expect(warn).not.toHaveBeenCalled();
  await runServer({ instanceClass: "db.x99.large", maxConnections: 5000 });
  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    "instanceClass: the memory of db.x99.large is not known here, so nobody has checked that 5000 connections fit it",
  ]);
  warn.mockRestore();
});

test("nothing is registered when an argument is wrong, and every problem is said at once", async () => {
  let failure: unknown;
  const { registrations } = await runWithMocks(databaseServerTypes, () => {
    try {
      new DatabaseServer(
        "mlflow-dev",
        databaseServerArgs({
          engineVersion: "13",
          subnetIds: ["subnet-0a"],
          backupRetention: "36d",
        }),
        {
          providers: { aws: new Aws("the-account", { region: "eu-central-1" }) },
        },
      );
    } catch (error) {
      failure = error;
    }
  });
  expect(registrations).toEqual([]);
  expect((failure as Error).message).toBe(
    [
      'Database server "mlflow-dev" has invalid arguments:',
      "  engineVersion: must be a major version of PostgreSQL that is 14 or later, such as 16",
      "  subnetIds: must be at least two different subnets, in two availability zones",
      "  backupRetention: must be a number of days from 1d to 35d (RDS keeps no longer: AWS Backup has plans for that)",
    ].join("\n"),
  );
});

test("a server without an explicit provider is an error: it would lie in whatever account is at hand", async () => {
  let failure: unknown;
  const { registrations } = await runWithMocks(databaseServerTypes, () => {
    try {
      new DatabaseServer("mlflow-dev", databaseServerArgs());
    } catch (error) {
      failure = error;
    }
  });
  expect(registrations).toEqual([]);
  expect((failure as Error).message).toContain(
    'Database server "mlflow-dev" has no provider for aws',
  );
});
