import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { principalOf } from "../../../components/internal/credentialsSecret.ts";
import { readStoreKeys } from "../../../program/environment/config.ts";
import { toArgs } from "../../../program/instance/toArgs.ts";
import { valueOf } from "../../support/mocks.ts";
import { configOf, fixtureEnvironment, fixtureValues } from "./support.ts";

// Who an instance's users are to the object store's policies. Whether a store takes it so is the
// store's.

const pair = (accessKeyId: string, principal?: string) => ({
  accessKeyId,
  secretAccessKey: "s",
  ...(principal === undefined ? {} : { principal }),
});

const store = (stored: object): void =>
  pulumi.runtime.setAllConfig(
    { "mlflow-instances:artifactStoreKeys": JSON.stringify({ shop: stored }) },
    ["mlflow-instances:artifactStoreKeys"],
  );

async function bucketOf(stored: object, change: (objectStore: any) => void = () => undefined) {
  store(stored);
  const environment = fixtureEnvironment(({ platform }) => {
    platform.ingress.tls = { source: "certManager", clusterIssuer: "issuer" };
    change(platform.objectStore);
  });
  const { keys, errors } = readStoreKeys(
    configOf(fixtureValues()),
    ["shop"],
    (name) => name,
    environment,
  );
  expect(errors).toEqual([]);
  const file = { team: "shop", owner: "a@example.com", description: "d" };
  const args = toArgs(environment, "shop", file, {
    database: { host: "10.0.0.1", port: 5432 },
    key: keys.get("shop"),
  });
  const { adminPrincipals, denyOthers } = args.platform.objectStore;
  return {
    instance: await valueOf(principalOf("bucketCredentials", args.bucketCredentials)),
    maintenance: await valueOf(principalOf("maintenanceCredentials", args.maintenanceCredentials)),
    admins: await Promise.all(adminPrincipals.map((each) => valueOf(pulumi.output(each)))),
    denyOthers,
  };
}

const admin = "platform-root";

test("they are their keys, where nothing else is said", async () => {
  const environment = fixtureValues() as { platform: { objectStore: { accessKeyId: string } } };
  expect(await bucketOf({ ...pair("a"), maintenance: pair("b") })).toEqual({
    instance: "a",
    maintenance: "b",
    admins: [environment.platform.objectStore.accessKeyId],
    denyOthers: false,
  });
});

test("they follow from their keys by the environment's format", async () => {
  const format = (store: any) =>
    Object.assign(store, {
      accessKeyId: admin,
      principalFormat: "arn:aws:iam:::user/{accessKeyId}",
    });
  expect(await bucketOf({ ...pair("a"), maintenance: pair("b") }, format)).toEqual({
    instance: "arn:aws:iam:::user/a",
    maintenance: "arn:aws:iam:::user/b",
    admins: ["arn:aws:iam:::user/platform-root"],
    denyOthers: false,
  });
});

test("what is said of a user goes before the format, and others are refused where the store would let them in", async () => {
  const change = (store: any) =>
    Object.assign(store, {
      principalFormat: "x{accessKeyId}",
      adminPrincipal: "urn:admin",
      openByDefault: true,
    });
  expect(await bucketOf({ ...pair("a", "urn:a"), maintenance: pair("b") }, change)).toEqual({
    instance: "urn:a",
    maintenance: "xb",
    admins: ["urn:admin"],
    denyOthers: true,
  });
});

test("the users of before keep their rights while their keys are replaced", () => {
  store({ ...pair("new"), former: ["old"] });
  const read = () =>
    readStoreKeys(configOf(fixtureValues()), ["shop"], (name) => name, fixtureEnvironment());
  const environment = fixtureEnvironment(({ platform }) => {
    platform.ingress.tls = { source: "certManager", clusterIssuer: "issuer" };
  });
  const file = { team: "fraud", owner: "a@example.com", description: "d" };
  const { bucket } = toArgs(environment, "shop", file, {
    database: { host: "db", port: 5432 },
    key: read().keys.get("shop"),
  });
  expect(bucket?.formerPrincipals).toEqual(["old"]);
  store({ ...pair("new"), former: "old" });
  expect(read().errors).toEqual([expect.stringContaining('"former" of the instance')]);
});

test("one that is empty is told as what it is", () => {
  store({ ...pair("a"), maintenance: pair("b", "") });
  const { errors } = readStoreKeys(
    configOf(fixtureValues()),
    ["shop"],
    (name) => name,
    fixtureEnvironment(),
  );
  expect(errors).toEqual([
    expect.stringContaining(
      'the instance has an empty principal in its "maintenance" in the secret mlflow-instances:artifactStoreKeys',
    ),
  ]);
});
