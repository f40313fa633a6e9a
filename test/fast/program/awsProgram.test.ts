import type { Server } from "node:https";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import program from "../../../program/index.ts";
import { caFileName } from "../../../program/environment/caFile.ts";
import { createPlatform } from "../../../program/realize/index.ts";
import { rdsAuthorities } from "../../../program/platforms/aws/authorities.ts";
import {
  databaseServerCalls,
  databaseServerTypes,
  masterPassword,
  masterSecretArn,
} from "../../support/databaseServer.ts";
import { instanceTypes } from "../../support/instance.ts";
import { runWithMocks, withoutSecrets, type Calls, type MockRun } from "../../support/mocks.ts";
import { identity, shellWithFixtureProfile } from "./preflight/fakeAws.ts";
import {
  hidden,
  httpsServer,
  ingressClasses,
  issue,
  kubeconfig,
  listen,
  portOf,
  type Answer,
  type Issued,
} from "./preflight/fakes.ts";
import { fixtureEnvironment, fixtureValues, folderWith } from "./support.ts";

// The whole program on AWS, from the config to the last registration: the checks ask servers on
// loopback, and mocks stand for the engine. What each instance consists of is the goldens'
// business, and what AWS makes of it that of the engine tests.

let ca: Issued;
let aws: Server, api: Server;
let sts: Answer;

beforeAll(async () => {
  ca = await issue("authority");
  const loopback = await issue("loopback", "127.0.0.1", ca);
  // S3 knows no bucket, and IAM tells nothing.
  aws = httpsServer(loopback, (request) => {
    if (request.body.includes("GetCallerIdentity")) return sts(request);
    return request.body.includes("GetRole") ? { status: 403 } : { status: 404 };
  });
  api = httpsServer(loopback, () => ({ status: 200, body: ingressClasses("alb") }));
  await Promise.all([aws, api].map(listen));
});
afterAll(() => [aws, api].forEach((server) => server.close()));

let cache: string;
let registered: number;
beforeEach(() => {
  registered = 0;
  sts = () => identity("arn:aws:sts::123456789012:assumed-role/deploy/pipeline");
  cache = shellWithFixtureProfile();
  vi.stubEnv("XDG_CACHE_HOME", cache);
});

const instance = "team: shop\nowner: a@example.com\ndescription: d\n";
const calls: Calls = {
  ...databaseServerCalls,
  "pulumi:pulumi:readStackOutputs": () => ({ outputs: {} }),
};

type Loose = any;

async function run(
  change: (platform: Loose) => void = () => undefined,
): Promise<MockRun & { outputs: Record<string, unknown> }> {
  const values: Loose = fixtureValues("aws");
  const address = `https://127.0.0.1:${portOf(aws)}`;
  Object.assign(values.platform, {
    caBundle: ca.pem.cert,
    kubernetes: {
      kubeconfig: kubeconfig(`https://127.0.0.1:${portOf(api)}`, ca.pem.cert),
      context: "one",
    },
    artifactStore: { endpoints: { s3: address, sts: address, iam: address } },
  });
  change(values.platform);
  const outputs: Record<string, unknown> = {};
  const mocked = await runWithMocks(
    { ...instanceTypes, ...databaseServerTypes },
    async () => {
      const config = {
        environment: JSON.stringify(values),
        instancesFolder: folderWith({ "shop.yaml": instance, "cart.yaml": instance }),
      };
      pulumi.runtime.setAllConfig(
        Object.fromEntries(
          Object.entries(config).map(([key, value]) => [`mlflow-instances:${key}`, value]),
        ),
      );
      const monitor = pulumi.runtime.getMonitor() as unknown as {
        registerResource: (...args: unknown[]) => void;
      };
      const register = monitor.registerResource.bind(monitor);
      monitor.registerResource = (...args) => {
        registered += 1;
        register(...args);
      };
      Object.assign(outputs, await program());
    },
    false,
    calls,
  );
  return { ...mocked, outputs };
}

test("three providers of one account, and a server of the environment's own, which the fourth logs in to", async () => {
  const { providers, all, outputs } = await run();
  const inputsOf = (name: string) =>
    withoutSecrets(providers.find((each) => each.name === name)?.sealed) as Record<string, string>;
  expect(providers.map(({ name }) => name).sort()).toEqual([
    "aws",
    "kubernetes",
    "postgresql",
    "random",
  ]);
  const address = `https://127.0.0.1:${portOf(aws)}`;
  expect(inputsOf("aws")).toEqual({
    region: "eu-central-1",
    profile: "fixture",
    allowedAccountIds: '["123456789012"]',
    endpoints: JSON.stringify([{ s3: address, iam: address, sts: address }]),
    s3UsePathStyle: "true",
    // The provider's own defaults: it proves its credentials before it does anything.
    skipCredentialsValidation: "false",
    skipRegionValidation: "true",
    customCaBundle: expect.stringMatching(
      new RegExp(`^${cache}/mlflow-instances/ca/[0-9a-f]{16}\\.pem$`),
    ),
  });
  expect(inputsOf("postgresql")).toMatchObject({
    host: expect.stringMatching(/\.rds\.amazonaws\.com$/),
    password: "[secret]",
    sslmode: "verify-full",
    superuser: "false",
    sslrootcert: `${cache}/mlflow-instances/ca/${caFileName(rdsAuthorities("eu-central-1"))}`,
  });
  expect(all("aws:rds/instance:Instance").map(({ name }) => name)).toEqual(["mlflow-stack-server"]);
  expect(
    all("aws:s3/bucket:Bucket")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["cart-bucket", "shop-bucket"]);
  expect(Object.keys(outputs["instances"] as object)).toEqual(["cart", "shop"]);
});

test("no key of anybody is in anything that is registered", async () => {
  const { registrations, providers, all } = await run();
  expect(registrations.length).toBeGreaterThan(60);
  expect(registered).toBe(registrations.length + providers.length);
  expect(
    JSON.stringify([
      registrations.map(({ inputs }) => inputs),
      providers.map(({ inputs }) => inputs),
    ]),
  ).not.toMatch(
    new RegExp(`${hidden}|AKIDFIXTURE|access-key-id|AWS_ACCESS_KEY_ID|"accessKey"|"secretKey"`),
  );
  // A server's and a maintenance role for each instance.
  expect(all("aws:iam/role:Role")).toHaveLength(4);
});

test("credentials of another account end the program before anything is registered", async () => {
  sts = () => identity("arn:aws:sts::210987654321:assumed-role/deploy/me", "210987654321");
  await expect(run()).rejects.toThrow(
    "the credentials of profile fixture are for account 210987654321, but the environment is in 123456789012",
  );
  expect(registered).toBe(0);
});

test("what only the component refuses ends the program before anything is registered, too", async () => {
  const line =
    "config of stack stack: mlflow-instances:environment.platform.mlflowVersion: gives an instance what it can't take: " +
    'is "3.16.0", but must be a version such as 3.17.2 and at least 3.17.0';
  await expect(run((platform) => (platform.mlflowVersion = "3.16.0"))).rejects.toThrow(
    `Wrong input for stack stack; nothing was changed:\n  ${line}`,
  );
  expect(registered).toBe(0);
});

test.each<[string, (platform: Loose) => void]>([
  ["a server made here", () => undefined],
  [
    "a given one",
    (platform) =>
      (platform.database = {
        given: {
          host: "10.0.0.9",
          port: 5432,
          adminUser: "admin",
          sslMode: "verify-full",
          superuser: false,
          maxConnections: 200,
        },
      }),
  ],
])(
  "%s: instances are told where it answers, and nothing of its administrator",
  async (_, change) => {
    const environment = fixtureEnvironment(({ platform }) => change(platform), "aws");
    const told: string[] = [];
    await runWithMocks(
      databaseServerTypes,
      () => {
        pulumi.runtime.setAllConfig({ "mlflow-instances:postgresqlAdminPassword": hidden }, [
          "mlflow-instances:postgresqlAdminPassword",
        ]);
        told.push(...Object.keys(createPlatform(environment, []).database));
      },
      false,
      databaseServerCalls,
    );
    expect(told).toEqual(["host", "port"]);
  },
);

test("a review environment makes no server: it lives on its base's", async () => {
  const environment = fixtureEnvironment(
    ({ platform }) => (platform.database.rds.identifier = "mlflow-dev"),
    "aws",
  );
  const preview = { pullRequest: 12, until: "2027-02-20", instances: ["shop"] };
  const asked: unknown[] = [];
  const { registrations, providers } = await runWithMocks(
    {},
    () => createPlatform({ ...environment, preview }, []),
    false,
    {
      ...databaseServerCalls,
      "aws:rds/getInstance:getInstance": (inputs, provider) => {
        asked.push([inputs, provider?.split("::")[3]]);
        return {
          address: "mlflow-dev.example",
          masterUsername: "mlflow_admin",
          masterUserSecrets: [{ secretArn: masterSecretArn }],
        };
      },
    },
  );
  expect(registrations).toEqual([]);
  expect(asked).toEqual([[{ dbInstanceIdentifier: "mlflow-dev" }, "aws"]]);
  const postgresql = providers.find(({ name }) => name === "postgresql");
  expect(withoutSecrets(postgresql?.sealed)).toMatchObject({
    host: "mlflow-dev.example",
    port: "5432",
    username: "mlflow_admin",
  });
  expect(withoutSecrets(postgresql?.sealed)).toMatchObject({
    password: "[secret]",
    sslmode: "verify-full",
  });
  expect(postgresql?.inputs.password).toBe(masterPassword);
});
