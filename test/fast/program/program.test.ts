import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { writeCaFile } from "../../../program/environment/caFile.ts";
import { placeInStackFile } from "../../../program/environment/stackFile.ts";
import { secretKeys } from "../../../program/values/secretKeys.ts";
import program from "../../../program/index.ts";
import { createPlatform } from "../../../program/realize/index.ts";
import { isSealed, withoutSecrets } from "../../support/mocks.ts";
import { configOf, fixtureEnvironment, fixtureValues, folderWith } from "./support.ts";

// The program up to its first resource. What it registers after that is the goldens' business.

let lastOutputs: Record<string, unknown> = {};
let registered: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

beforeEach(async () => {
  registered = [];
  lastOutputs = {};
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
    call: ({ token, inputs }) => {
      expect([token, inputs]).toEqual([
        "pulumi:pulumi:readStackOutputs",
        { name: "organization/mlflow-instances/local" },
      ]);
      return { outputs: lastOutputs };
    },
  };
  await pulumi.runtime.setMocks(mocks, "mlflow-instances", "local", false, "organization");
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Request, callback: unknown) => void;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    if (request.getType() !== "pulumi:pulumi:Stack")
      registered.push({
        type: request.getType(),
        name: request.getName(),
        inputs: request.getObject().toJavaScript(),
      });
    register(request, callback);
  };
});

interface Request {
  getType(): string;
  getName(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}

const hidden = "hunter2-Xyzzy";

function configure(
  values: unknown,
  changes: Record<string, string | undefined> = {},
  plain: readonly string[] = [],
): void {
  const all: Record<string, string | undefined> = {
    environment: JSON.stringify(values),
    ...Object.fromEntries(Object.keys(secretKeys).map((key) => [key, hidden])),
    imagePullSecret: JSON.stringify({ auths: { "registry.example.com": { auth: hidden } } }),
  };
  all["artifactStoreKeys"] = JSON.stringify({
    shop: { accessKeyId: "shop-key", secretAccessKey: hidden },
  });
  Object.assign(all, changes);
  const entries = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [[`mlflow-instances:${key}`, value] as const],
  );
  const secrets = entries
    .map(([key]) => key)
    .filter(
      (key) => !/environment|instancesFolder/.test(key) && !plain.includes(key.split(":")[1] ?? ""),
    );
  pulumi.runtime.setAllConfig(Object.fromEntries(entries), secrets);
}

async function failureOf(): Promise<string[]> {
  const failure: unknown = await program().then(
    () => undefined,
    (error: unknown) => error,
  );
  // A RunError is what Pulumi prints without a stack trace.
  if (!pulumi.RunError.isInstance(failure))
    throw new Error("the program did not fail as expected", { cause: failure });
  expect(failure.message).not.toContain(hidden);
  expect(registered).toEqual([]);
  return failure.message.split("\n");
}

const good = "team: shop\nowner: a@example.com\ndescription: d\n";

test("errors of the environment and of every file come in one message, before any resource", async () => {
  const folder = folderWith({ "shop.yaml": `${good}tier: gold\n`, "Cart.yaml": good });
  const values = fixtureValues() as { platform: { kind: string } };
  values.platform.kind = "gke";
  configure(values, { instancesFolder: folder }, ["postgresqlAdminPassword"]);
  const lines = await failureOf();
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
  const lines = await failureOf();
  expect(lines.slice(1).map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//, ""))).toEqual([
    '  cart.yaml: the instance has no key in the secret mlflow-instances:artifactStoreKeys. Make a user for it at the object store and add {"cart": {"accessKeyId": …, "secretAccessKey": …, "maintenance": {"accessKeyId": …, "secretAccessKey": …}}} (without "maintenance" where a bucket has one user only); for the embedded platform `npm run local` does both',
  ]);
});

test("half a key, and keys that are no JSON, are refused without showing them", async () => {
  const folder = folderWith({ "shop.yaml": good });
  configure(fixtureValues(), {
    instancesFolder: folder,
    artifactStoreKeys: JSON.stringify({ shop: { secretAccessKey: hidden } }),
  });
  expect((await failureOf())[1]).toContain(
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
    expect((await failureOf())[1]).toContain(
      'the instance has no accessKeyId or no secretAccessKey in its "maintenance" in the secret mlflow-instances:artifactStoreKeys',
    );
  }
  configure(fixtureValues(), { instancesFolder: folder, artifactStoreKeys: hidden });
  expect((await failureOf()).slice(1)).toEqual([
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
  expect((await failureOf()).slice(1)).toEqual([
    "  config of stack local: mlflow-instances:environment.platform.postgresql.maxConnections: is 100, of which 95 are for instances, but these may hold 37 (cart) + 63 (shop) at once, 100 in all; " +
      "raise the server's max_connections, or lower the instances' databaseConnections, replicas or workers",
  ]);
});

describe("against the outputs of the last update", () => {
  const key = { accessKeyId: "key", secretAccessKey: hidden };
  const artifactStoreKeys = JSON.stringify({ shop: key, cart: key, till: key });
  const deployed = (...names: string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, { bucket: "b" }]));
  const linesOf = async () =>
    (await failureOf()).slice(1).map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//g, ""));

  test("files that are gone are all said at once, with what to do", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": good }),
      artifactStoreKeys,
    });
    lastOutputs = { instances: deployed("shop", "cart", "till") };
    expect(await linesOf()).toEqual([
      '  cart.yaml: is gone, but a file that disappears deletes nothing; to delete cart, put the file back with the line "delete: cart", deploy, then remove the file',
      '  till.yaml: is gone, but a file that disappears deletes nothing; to delete till, put the file back with the line "delete: till", deploy, then remove the file',
    ]);
  });

  test("a file that was renamed is told as such", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "till.yaml": good }),
      artifactStoreKeys,
    });
    lastOutputs = { instances: deployed("cart") };
    expect(await linesOf()).toEqual([
      "  cart.yaml: is gone and till.yaml is new. An instance can't be renamed: bucket, database and address follow from its name. Give the file its old name back; " +
        'if till is an instance of its own and cart is to be deleted, put the file back with the line "delete: cart", deploy, then remove the file',
    ]);
  });

  test("an instance that was prepared may be gone, and one whose file is wrong is not", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": `${good}tier: gold\n` }),
      artifactStoreKeys,
    });
    lastOutputs = { instances: { ...deployed("shop"), cart: { deletion: "prepared" } } };
    expect(await linesOf()).toEqual([
      '  shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production',
    ]);
  });

  test("a folder that is gone is one error, not one for each instance", async () => {
    configure(fixtureValues(), {
      instancesFolder: join(folderWith({}), "nowhere"),
      artifactStoreKeys,
    });
    lastOutputs = { instances: deployed("shop", "cart") };
    expect(await linesOf()).toEqual([expect.stringMatching(/nowhere: no such folder/)]);
  });

  test("delete wants the instance's own name, of an instance that was deployed", async () => {
    const files = {
      "shop.yaml": `${good}delete: cart\n`,
      "cart.yaml": `${good}delete: cart\n`,
      "till.yaml": `${good}delete: true\n`,
    };
    configure(fixtureValues(), { instancesFolder: folderWith(files), artifactStoreKeys });
    lastOutputs = { instances: deployed("shop") };
    expect(await linesOf()).toEqual([
      "  cart.yaml:4:1 delete: is set, but stack local has never deployed cart: there is nothing to delete, remove the file",
      '  shop.yaml:4:1 delete: is "cart"; to delete this instance, write its name, "shop"',
      "  till.yaml:4:1 delete: is true, not a text; to delete the instance, write its name here",
    ]);
  });

  test("outputs that can't be read are no empty ones", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": good }),
      artifactStoreKeys,
    });
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
      call: () => {
        throw new Error("incorrect passphrase");
      },
    };
    await pulumi.runtime.setMocks(mocks, "mlflow-instances", "local", false, "organization");
    expect((await failureOf())[0]).toMatch(
      /^The outputs of the last update of organization\/mlflow-instances\/local can't be read; nothing was changed:/,
    );
  });
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
  expect(await failureOf()).toEqual([
    "Environment local can't be used as it is; nothing was changed:",
    "  PostgreSQL at 127.0.0.1:1 (platform.postgresql): connection refused: nothing listens there",
    "  The Kubernetes API server at context mlflow-local of /fixture/kubeconfig (platform.kubernetes): there is no such kubeconfig file",
    "  S3 at https://127.0.0.1:1 (platform.objectStore.endpoint): connection refused: nothing listens there",
  ]);
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
  registered.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  expect(registered.map(({ type, name, inputs }) => [type, name, withoutSecrets(inputs)])).toEqual([
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
  expect(isSealed(registered[1]?.inputs["secretKey"])).toBe(true);
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
