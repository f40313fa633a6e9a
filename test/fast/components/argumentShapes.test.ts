import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { namedArgs, type NamedArgs } from "@mlflow-instances/components/internal";
import { MlflowInstance } from "@mlflow-instances/components";
import { guardedArgs, knownId } from "../../../components/internal/guardedIds.ts";
import { idRules } from "../../../components/internal/idRules.ts";
import { formerUrn } from "../../../components/internal/types.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import {
  awsInstanceArgs,
  instanceArgs,
  instanceProviders,
  instanceTypes,
  irsa,
  kmsKeyArn,
  newInstance,
  platformArgs,
  secrets,
} from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

// What a program in plain JavaScript, YAML or Python can pass, where no compiler has looked.

const later = (value: unknown): any => pulumi.output(Promise.resolve(value));
const problems = (changes: object, platform: object = {}) =>
  problemsOf({ ...instanceArgs(), ...changes, platform: { ...platformArgs(), ...platform } });

describe("what is missing or something else is said with its path, and nothing is looked into", () => {
  test.each<[string, unknown, string]>([
    ["platform", undefined, "platform: must be set"],
    ["platform", null, "platform: must be an object"],
    ["platform", later({}), "platform: must be a plain value and no output"],
    ["team", undefined, "team: must be set"],
    ["bucket", null, "bucket: must be an object"],
    ["tokens", later([]), "tokens: must be a plain value and no output"],
    ["tokens", [null], "tokens[0]: must be an object"],
    ["tokens", [{ name: "ci", role: "edit" }], "tokens[0].expires: must be set"],
    ["replicas", later(2), "replicas: must be a plain value and no output"],
    ["replicas", "2", "replicas: must be a number"],
    ["instanceName", 5, "instanceName: must be a string"],
    // The wrong way round it would stop a server that nobody wants to delete.
    ["prepareDeletion", "false", "prepareDeletion: must be true or false"],
    ["prepareDeletion", later(false), "prepareDeletion: must be a plain value and no output"],
    ["protect", "false", "protect: must be true or false"],
    ["replica", 2, "replica: is no argument"],
    ["image", "x", "image: is now platform.image"],
    ["bucketCredentials", {}, "bucketCredentials.accessKeyId: must be set"],
  ])("%s: %j", (field, value, expected) => {
    const args = { ...instanceArgs(), [field]: value } as NamedArgs;
    const [first] = problemsOf(namedArgs("fraud-detector", "local", args));
    expect(`${first?.propertyPath}: ${first?.reason}`).toContain(expected);
  });

  test.each<[string, object, string]>([
    ["no domain", { domain: undefined }, "platform.domain: must be set"],
    ["no image", { image: undefined }, "platform.image: must be set"],
    ["no store", { objectStore: undefined }, "platform.objectStore: must be set"],
    [
      "a list that is an output",
      { network: { ...platformArgs().network, databaseCidrs: later([]) } },
      "platform.network.databaseCidrs: must be a plain value and no output",
    ],
    [
      "an element that isn't there",
      { network: { ...platformArgs().network, databaseCidrs: [undefined] } },
      "platform.network.databaseCidrs[0]: must be set",
    ],
    [
      "a key that is nothing",
      { objectStore: { ...platformArgs().objectStore, kmsKeyArn: null } },
      "platform.objectStore.kmsKeyArn: must be a string",
    ],
    ["a bundle that is an output", { caBundle: later("x") }, "platform.caBundle: must be a plain"],
  ])("%s", (_what, platform, expected) => {
    const [first] = problems({}, platform);
    expect(`${first?.propertyPath}: ${first?.reason}`).toContain(expected);
  });
});

test("what was an argument of the bucket is no way around the platform any more", () => {
  const bucket = { tlsOnly: false, adminPrincipals: ["*"], instancePrincipal: "u" };
  expect(
    problems({ bucket }).map(({ propertyPath, reason }) => `${propertyPath} ${reason}`),
  ).toEqual([
    "bucket.tlsOnly is now platform.objectStore.tlsOnly",
    "bucket.adminPrincipals is now platform.objectStore.adminPrincipals",
    "bucket.instancePrincipal is now bucketCredentials.principal",
  ]);
  const objectStore = { ...platformArgs().objectStore, adminPrincipals: ["*"] };
  expect(problems({}, { objectStore })).toEqual([
    {
      propertyPath: "platform.objectStore.adminPrincipals[0]",
      reason: "must be one user or role, not a wildcard",
    },
  ]);
});

test("a key pair that is no object is refused without being shown", () => {
  const bucketCredentials = JSON.stringify({ secretAccessKey: secrets.secretAccessKey });
  const found = problems({ bucketCredentials });
  // The engine prints the value beside a path: this path leads nowhere.
  expect(found).toEqual([
    { propertyPath: "bucketCredentials.accessKeyId", reason: "must be an object" },
  ]);
});

describe("an id that turns out to be empty or wrong when it is known", () => {
  test.each<[keyof typeof idRules, unknown[]]>([
    ["clusterName", [undefined, null, "", "arn:aws:eks:x"]],
    ["oidcProviderArn", [undefined, "https://oidc.example.com"]],
    ["permissionsBoundaryArn", [undefined, "Boundary"]],
    ["kmsKeyArn", [undefined, "arn:aws:kms:eu-central-1:123456789012:alias/a"]],
    ["certificateArn", [undefined, "certificate"]],
    ["dnsZoneId", [undefined, "", "example.com"]],
    ["cidr", [undefined, "10.0.0.1"]],
    ["clientCidr", [undefined, "0.0.0.0/0", "::/0"]],
    ["securityGroup", [undefined, "group"]],
    ["databaseHost", [undefined, "", "postgres://db"]],
    ["principal", [undefined, "", "*"]],
    ["text", [undefined, ""]],
  ])("as a %s ends the update with its path", (rule, values) => {
    for (const value of values)
      expect(() => knownId("platform.it", value, idRules[rule])).toThrow("platform.it: must");
  });

  // Mocks can't show the end of an update; that each one is looked at again, they can.
  test("is looked at, whichever it is", () => {
    const platform = {
      image: later("registry.example.com/mlflow:3.17.2"),
      objectStore: {
        region: "eu-central-1",
        kmsKeyArn: later(kmsKeyArn),
        adminPrincipals: [later("arn:aws:iam::123456789012:role/deploy")],
      },
      podIdentity: {
        method: "irsa",
        oidcProviderArn: later(irsa.oidcProviderArn),
        clusterName: later("mlflow-prod"),
        permissionsBoundaryArn: later("arn:aws:iam::123456789012:policy/b"),
      },
      postgresql: { host: later("db.example.com"), maxConnections: 400 },
      ingress: {
        className: "alb",
        dnsZoneId: later("Z0123456789ABC"),
        tls: {
          source: "acm",
          certificateArn: later("arn:aws:acm:eu-central-1:123456789012:certificate/0"),
        },
      },
      network: Object.fromEntries(
        ["database", "objectStore", "endpoint", "ingress", "dns"].map((what) => [
          `${what}Cidrs`,
          [later("10.0.0.0/16")],
        ]),
      ),
    };
    const outputsIn = (value: unknown): unknown[] =>
      pulumi.Output.isInstance(value)
        ? [value]
        : typeof value === "object" && value !== null
          ? Object.values(value).flatMap(outputsIn)
          : [];
    const given = outputsIn(platform);
    const kept = outputsIn(guardedArgs(awsInstanceArgs({}, platform as object)).platform);
    expect(given.length).toBe(14);
    expect(kept.length).toBe(14);
    expect(kept.filter((each) => given.includes(each))).toEqual([]);
  });
});

describe("a user's principal", () => {
  const principals = async (bucketCredentials: unknown) => {
    const args = instanceArgs({ bucketCredentials } as object);
    delete args.maintenanceCredentials;
    const { one } = await runWithMocks(instanceTypes, () => newInstance(args));
    const { Statement } = JSON.parse(one("fraud-detector-bucket-policy").inputs.policy);
    return new Set(Statement.flatMap(({ Principal }: any) => Principal.AWS));
  };
  const key = { accessKeyId: "KEY", secretAccessKey: "s" };

  test("is the key's id where nothing else is said, also where it is known later", async () => {
    expect(await principals(key)).toContain("KEY");
    expect(await principals({ ...key, principal: later(undefined) })).toContain("KEY");
    expect(await principals(pulumi.secret({ ...key, principal: "user" }))).toContain("user");
  });
});

test("a bucket that a resource option protects is not emptied by default", async () => {
  const bucket = async (opts: pulumi.ComponentResourceOptions) => {
    const { one } = await runWithMocks(instanceTypes, () =>
      newInstance(instanceArgs({ protect: false }), opts),
    );
    return one("fraud-detector-bucket").inputs.forceDestroy as unknown;
  };
  expect(await bucket({})).toBe(true);
  expect(await bucket({ protect: true })).toBe(false);
});

describe("the URN of before", () => {
  const now = "mlflow-instances:index:MlflowInstance";
  const before = "components:index:MlflowInstance$components:index:X";
  test.each([
    [`urn:pulumi:s::p::${now}::a`, `urn:pulumi:s::p::${before}::a`],
    [`urn:pulumi:s::p::acme:index:Team$${now}::a`, `urn:pulumi:s::p::acme:index:Team$${before}::a`],
    [`urn:pulumi:s::p::${now}::a::${now}::b`, `urn:pulumi:s::p::${before}::a::${now}::b`],
    [
      `urn:pulumi:s::p::mlflow-instances:index:DatabaseServer$${now}::a`,
      `urn:pulumi:s::p::components:index:DatabaseServer$${before}::a`,
    ],
    [
      `urn:pulumi:s::p::${now}$${now}::a`,
      `urn:pulumi:s::p::components:index:MlflowInstance$${before}::a`,
    ],
    [`urn:pulumi:s::p::acme::P$${now}::a`, `urn:pulumi:s::p::acme::P$${before}::a`],
  ])("of %s", (urn, expected) => {
    expect(formerUrn(urn, "X")).toBe(expected);
  });
});

test("the stack's name is the environment's, and the component's the instance's", async () => {
  const { environment: _, ...platform } = platformArgs();
  const { instanceName: _name, tier: _tier, ...args } = instanceArgs();
  const { one } = await runWithMocks(instanceTypes, () => {
    new MlflowInstance("churn", { ...args, platform }, { providers: instanceProviders() });
  });
  expect(one("churn-bucket").inputs.bucket).toBe("mlflow-stack-churn");
  expect(one("churn-namespace").inputs.metadata.labels).toMatchObject({
    "mlflow-instances/environment": "stack",
    "mlflow-instances/tier": "standard",
  });
});
