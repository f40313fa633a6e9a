import { Secret } from "@pulumi/policy";
import { expect, test } from "vitest";
import { dataHolderRefusesDeletion } from "../../../../policies/reliability/dataHolderRefusesDeletion.ts";
import { bucket } from "../compliantBucket.ts";
import { changed, databaseServer } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, remedied, unknown } from "../support.ts";

const forced = changed(bucket, ["forceDestroy"], true);
const tagged = (key: string, value: string) => changed(forced, ["tags", key], value);
const message =
  "Remove forceDestroy: it deletes all artifacts with the bucket (to delete the instance, write delete: and its name into its file).";

resourceContract(dataHolderRefusesDeletion, {
  passes: {
    "a bucket": bucket,
    "one that says nothing": changed(bucket, ["forceDestroy"], undefined),
    "a database server": databaseServer,
    "a sandbox": tagged("mlflow-instances/tier", "sandbox"),
    "an instance that is being deleted": tagged("mlflow-instances/deletion", "prepared"),
    "a review environment": tagged("mlflow-instances/environment", "pr-12"),
  },
  breaks: forced,
  message,
  unknown: [
    { given: changed(bucket, ["forceDestroy"], unknown), later: ["forceDestroy"] },
    {
      given: changed(
        changed(databaseServer, ["deletionProtection"], unknown),
        ["skipFinalSnapshot"],
        true,
      ),
      later: ["deletionProtection"],
      violations: ["Remove skipFinalSnapshot, and set finalSnapshotIdentifier."],
    },
  ],
  ignores: { "another type": { ...forced, type: "aws:s3/bucketPolicy:BucketPolicy" } },
});

test("the configuration asks it of the sandboxes of an environment", async () => {
  const given = changed(
    tagged("mlflow-instances/tier", "sandbox"),
    ["tags", "mlflow-instances/environment"],
    "live",
  );
  expect(await judge(dataHolderRefusesDeletion, given)).toEqual(clean);
  const config = { asked: { environments: { live: true } } };
  expect((await judge(dataHolderRefusesDeletion, given, { config })).violations).toEqual([message]);
});

test("another choice by configuration", async () => {
  expect(
    await judge(dataHolderRefusesDeletion, forced, {
      config: { asked: { environments: { dev: false } } },
    }),
  ).toEqual(clean);
});

const open = changed(databaseServer, ["deletionProtection"], undefined);

test("a database server keeps itself", async () => {
  expect((await judge(dataHolderRefusesDeletion, open)).violations).toEqual([
    "Set deletionProtection to true.",
  ]);
  const cluster = {
    ...changed(databaseServer, ["deletionProtection"], false),
    type: "aws:rds/cluster:Cluster",
  };
  expect((await judge(dataHolderRefusesDeletion, cluster)).violations).toEqual([
    "Set deletionProtection to true.",
  ]);
});

test("the remedy sets the protection that nobody has spoken of", async () => {
  expect(await remedied(dataHolderRefusesDeletion, open)).toEqual(databaseServer.props);
  expect(
    await remedied(
      dataHolderRefusesDeletion,
      changed(databaseServer, ["deletionProtection"], false),
    ),
  ).toBeUndefined();
  expect(await remedied(dataHolderRefusesDeletion, forced)).toBeUndefined();
  expect(
    await remedied(dataHolderRefusesDeletion, open, { config: { asked: { default: false } } }),
  ).toBeUndefined();
});

test("the remedy leaves a secret a secret", async () => {
  const given = changed(open, ["password"], new Secret("hidden"));
  const marked = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value: "hidden",
  };
  expect(await remedied(dataHolderRefusesDeletion, given)).toEqual({
    ...databaseServer.props,
    password: marked,
  });
});
