import * as pulumi from "@pulumi/pulumi";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { describe, expect, test, vi } from "vitest";
import { DatabaseServer } from "@mlflow-instances/components";
import {
  databaseServerArgs,
  databaseServerTypes,
  runServer,
} from "../../support/databaseServer.ts";
import { runWithMocks } from "../../support/mocks.ts";

// What a server is given by its tier and by its arguments, and which arguments are refused.

const key = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000";

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

test("a class that nobody here knows is said, and nothing is refused for it", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  await runServer();
  expect(warn).not.toHaveBeenCalled();
  await runServer({ instanceClass: "db.x99.large", maxConnections: 5000 });
  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    "instanceClass: the memory of db.x99.large is not known here, so it was not checked that 5000 connections fit it",
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
