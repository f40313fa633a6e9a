import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { writeCaFile } from "../../../program/environment/caFile.ts";
import { placeInStackFile } from "../../../program/environment/stackFile.ts";
import { createPlatform } from "../../../program/realize/index.ts";
import { isSealed, withoutSecrets } from "../../support/mocks.ts";
import { configure, good, hidden, programRun } from "./programRun.ts";
import { configOf, fixtureEnvironment, fixtureValues, folderWith } from "./support.ts";

// The program up to its first resource. What it registers after that is the goldens' business.

const run = programRun();

test("errors of the environment and of every file come in one message, before any resource", async () => {
  const folder = folderWith({ "shop.yaml": `${good}tier: gold\n`, "Cart.yaml": good });
  const values = fixtureValues() as { platform: { kind: string } };
  values.platform.kind = "gke";
  configure(values, { instancesFolder: folder }, ["postgresqlAdminPassword"]);
  const lines = await run.failureOf();
  expect(lines.map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//, ""))).toEqual([
    "Wrong input for stack local; nothing was changed:",
    "  config of stack local: mlflow-instances:postgresqlAdminPassword: is in plain text; set it with `pulumi config set --secret` (and change it where it is used: it was readable)",
    '  config of stack local: mlflow-instances:environment.platform.kind: is "gke", not one of existing, aws',
    '  Cart.yaml:1:1: the instance\'s name "Cart" has an upper-case letter; names are lower case, as hosts and buckets are',
    '  shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production',
  ]);
});

test("an instance without an object store key is named with its file, and what to do", async () => {
  const folder = folderWith({ "shop.yaml": good, "cart.yaml": good });
  configure(fixtureValues(), { instancesFolder: folder });
  const lines = await run.failureOf();
  expect(lines.slice(1).map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//, ""))).toEqual([
    '  cart.yaml: the instance has no key in the secret mlflow-instances:artifactStoreKeys. Make a user for it at the object store and add {"cart": {"accessKeyId": …, "secretAccessKey": …, "maintenance": {"accessKeyId": …, "secretAccessKey": …}}} (without "maintenance" where a bucket has one user only); for the embedded platform `npm run local -- configure` does both',
  ]);
});

test("a file that ends with .yml is named so, also where something outside of it is wrong", async () => {
  const folder = folderWith({ "cart.yml": good });
  configure(fixtureValues(), { instancesFolder: folder });
  run.lastOutputs = { instances: { shop: { bucket: "b" } } };
  const lines = await run.failureOf();
  expect(lines.slice(1).map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//g, ""))).toEqual([
    expect.stringMatching(/^ {2}shop\.yaml: is gone and cart\.yml is new\. /),
    expect.stringMatching(/^ {2}cart\.yml: the instance has no key in /),
  ]);
});

test("half a key, and keys that are no JSON, are refused without showing them", async () => {
  const folder = folderWith({ "shop.yaml": good });
  configure(fixtureValues(), {
    instancesFolder: folder,
    artifactStoreKeys: JSON.stringify({ shop: { secretAccessKey: hidden } }),
  });
  expect((await run.failureOf())[1]).toContain(
    "the instance has no accessKeyId or no secretAccessKey in the secret mlflow-instances:artifactStoreKeys",
  );
  const shop = { accessKeyId: "shop-key", secretAccessKey: hidden };
  for (const maintenance of [
    { accessKeyId: "cleaner" },
    { ...shop, accessKeyId: "" },
    hidden,
    null,
  ]) {
    configure(fixtureValues(), {
      instancesFolder: folder,
      artifactStoreKeys: JSON.stringify({ shop: { ...shop, maintenance } }),
    });
    expect((await run.failureOf())[1]).toContain(
      'the instance has no accessKeyId or no secretAccessKey in its "maintenance" in the secret mlflow-instances:artifactStoreKeys',
    );
  }
  configure(fixtureValues(), { instancesFolder: folder, artifactStoreKeys: hidden });
  expect((await run.failureOf()).slice(1)).toEqual([
    "  mlflow-instances:artifactStoreKeys: is not a JSON object of instance -> {accessKeyId, secretAccessKey}",
  ]);
});

test("instances that together may hold more connections than the server has end the program before any resource", async () => {
  const folder = folderWith({ "shop.yaml": good, "cart.yaml": `${good}tier: sandbox\n` });
  const values = fixtureValues() as { platform: { postgresql: { maxConnections: number } } };
  values.platform.postgresql.maxConnections = 100;
  const key = { accessKeyId: "key", secretAccessKey: hidden };
  configure(values, {
    instancesFolder: folder,
    artifactStoreKeys: JSON.stringify({ shop: key, cart: key }),
  });
  expect((await run.failureOf()).slice(1)).toEqual([
    "  config of stack local: mlflow-instances:environment.platform.postgresql.maxConnections: is 100, of which 95 are for instances, but these may hold 37 (cart) + 63 (shop) at once, 100 in all; " +
      "raise the server's max_connections, or lower the instances' databaseConnections, replicas or workers",
  ]);
});

test("an environment that can't be reached ends the program before any resource", async () => {
  const folder = folderWith({ "shop.yaml": good });
  // Port 1 of loopback: nothing listens there.
  const values = fixtureValues() as {
    platform: { postgresql: { host: string; port: number }; objectStore: { endpoint: string } };
  };
  Object.assign(values.platform.postgresql, { host: "127.0.0.1", port: 1 });
  values.platform.objectStore.endpoint = "https://127.0.0.1:1";
  configure(values, { instancesFolder: folder });
  expect(await run.failureOf()).toEqual([
    "Environment local can't be used as it is; nothing was changed:",
    "  PostgreSQL at 127.0.0.1:1 (platform.postgresql): connection refused: nothing listens there",
    "  The Kubernetes API server at context mlflow-local of /fixture/kubeconfig (platform.kubernetes): there is no such kubeconfig file",
    "  S3 at https://127.0.0.1:1 (platform.objectStore.endpoint): connection refused: nothing listens there",
  ]);
});

test("a system that can't be reached is shown at the line of the stack's file that names it", async () => {
  const root = folderWith({});
  const values = fixtureValues() as { platform: { postgresql: { host: string } } };
  values.platform.postgresql.host = "127.0.0.1";
  mkdirSync(join(root, "stacks"));
  const text = stringify({ config: { "mlflow-instances:environment": values } });
  writeFileSync(join(root, "stacks", "Pulumi.local.yaml"), text);
  const before = process.cwd();
  process.chdir(root);
  onTestFinished(() => process.chdir(before));
  configure(values, { instancesFolder: folderWith({ "shop.yaml": good }) });
  const at = text.split("\n").findIndex((line) => line === "      kubernetes:") + 1;
  expect(await run.failureOf()).toContain(
    `  stacks/Pulumi.local.yaml:${at}:7 The Kubernetes API server at context mlflow-local of /fixture/kubeconfig (platform.kubernetes): there is no such kubeconfig file`,
  );
});

test("a problem of the config is shown at its line when it came from the stack's file", () => {
  const config = configOf({ domain: "x", platform: { kind: "gke" } });
  const problems = [{ path: ["environment", "platform", "kind"], message: "m" }];
  const folder = folderWith({
    "same.yaml": stringify({
      config: { "mlflow-instances:environment": { domain: "x", platform: { kind: "gke" } } },
    }),
    "other.yaml": stringify({
      config: { "mlflow-instances:environment": { domain: "y", platform: { kind: "gke" } } },
    }),
  });
  expect(placeInStackFile(config, join(folder, "same.yaml"), problems)).toEqual([
    `${folder}/same.yaml:5:7 mlflow-instances:environment.platform.kind: m`,
  ]);
  expect(placeInStackFile(config, join(folder, "other.yaml"), problems)).toEqual([
    "config of stack local: mlflow-instances:environment.platform.kind: m",
  ]);
  expect(placeInStackFile(config, join(folder, "none.yaml"), problems)).toEqual([
    "config of stack local: mlflow-instances:environment.platform.kind: m",
  ]);
});

test("four explicit providers, with passwords as secrets and everything else readable", async () => {
  vi.stubEnv("XDG_CACHE_HOME", folderWith({}));
  onTestFinished(() => void vi.unstubAllEnvs());
  configure(fixtureValues());
  const environment = fixtureEnvironment();
  createPlatform(environment, []);
  await pulumi.runtime.disconnect();
  const ca = writeCaFile(environment.platform.caBundle ?? "");
  const order = ["kubernetes", "object-store", "postgresql", "random"];
  run.registered.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  expect(
    run.registered.map(({ type, name, inputs }) => [type, name, withoutSecrets(inputs)]),
  ).toEqual([
    [
      "pulumi:providers:kubernetes",
      "kubernetes",
      {
        kubeconfig: "/fixture/kubeconfig",
        context: "mlflow-local",
        clusterIdentifier: "local",
        enableSecretMutable: "true",
        enablePatchForce: "true",
      },
    ],
    [
      "pulumi:providers:aws",
      "object-store",
      {
        region: "local",
        accessKey: "[secret]",
        secretKey: "[secret]",
        endpoints: '[{"s3":"https://10.213.0.2:7070"}]',
        s3UsePathStyle: "true",
        skipCredentialsValidation: "true",
        skipRequestingAccountId: "true",
        skipMetadataApiCheck: "true",
        skipRegionValidation: "true",
        customCaBundle: ca,
      },
    ],
    [
      "pulumi:providers:postgresql",
      "postgresql",
      {
        host: "10.213.0.2",
        port: "5432",
        username: "postgres",
        password: "[secret]",
        database: "postgres",
        sslmode: "verify-full",
        superuser: "true",
        connectTimeout: "15",
        sslrootcert: ca,
      },
    ],
    ["pulumi:providers:random", "random", {}],
  ]);
  expect(isSealed(run.registered[1]?.inputs["secretKey"])).toBe(true);
});

test("the CA file is named by its contents and left alone when it is there", () => {
  const cache = folderWith({});
  vi.stubEnv("XDG_CACHE_HOME", cache);
  onTestFinished(() => void vi.unstubAllEnvs());
  mkdirSync(join(cache, "mlflow-instances"));
  const file = writeCaFile("one");
  expect(file).toMatch(/mlflow-instances\/ca\/[0-9a-f]{16}\.pem$/);
  expect(readFileSync(file, "utf8")).toBe("one");
  expect(writeCaFile("two")).not.toBe(file);
  writeFileSync(file, "kept");
  expect(writeCaFile("one")).toBe(file);
  expect(readFileSync(file, "utf8")).toBe("kept");
});
