import { expect, test } from "vitest";
import { instanceSharesNoKey } from "../../../../policies/isolation/instanceSharesNoKey.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part } from "../instances.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const key = ["stringData", "access-key-id"] as const;
const withKey = (value: unknown) =>
  instance("search", { credentials: changed(part("credentials", "search"), key, value) });
const policy = (statements: unknown) =>
  instance("search", {
    bucketPolicy: changed(
      part("bucketPolicy", "search"),
      ["policy"],
      JSON.stringify({ Statement: statements }),
    ),
  });
const allow = (principal: unknown) => ({
  Effect: "Allow",
  Principal: principal,
  Action: "s3:GetObject",
});

const preview = (name: string) =>
  instance(name).map((given) => {
    const text = JSON.stringify(given).replaceAll(
      '"mlflow-instances/environment":"dev"',
      '"mlflow-instances/environment":"pr-12"',
    );
    return JSON.parse(text.replaceAll(/KEY-[a-z0-9-]+|user-[a-z0-9-]+/g, "preview")) as Given;
  });

const message =
  "urn:search-credentials: Instances shop and search have one access key (stringData.access-key-id of shop-credentials, stringData.access-key-id of search-credentials); give each a key of its own in artifactStoreKeys.";

stackContract(instanceSharesNoKey, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "one instance's key in several of its Secrets": instance("shop", {
      tokens: { ...part("credentials"), name: "shop-again" },
    }),
    "instances of a pull request": [...preview("pr-12-shop"), ...preview("pr-12-search")],
    "an administrator in both policies": [
      ...instance(),
      ...policy([
        {
          Effect: "Allow",
          Principal: { AWS: ["platform-admin"] },
          Action: ["s3:GetObject", "s3:*"],
        },
        allow({ AWS: "user-search" }),
      ]),
    ],
  },
  breaks: [...instance("shop"), ...withKey("KEY-shop")],
  message,
  concernsToo: ["search"],
  unknown: [
    {
      given: [
        ...instance(),
        ...instance("search", {
          credentials: changed(part("credentials", "search"), key, unknown),
          bucketPolicy: part("bucketPolicy"),
        }),
      ],
      later: [key.join(".")],
    },
  ],
  ignores: {
    "keys of nobody": [
      { ...part("credentials"), name: "a" },
      { ...part("credentials"), name: "b" },
    ],
  },
});

test("an encoded key is read, and no key is told", async () => {
  const encoded = changed(
    changed(part("credentials", "search"), ["stringData"], undefined),
    ["data"],
    {
      AWS_ACCESS_KEY_ID: Buffer.from("KEY-shop").toString("base64"),
    },
  );
  const { violations } = await judgeStack(instanceSharesNoKey, [
    ...instance(),
    ...instance("search", { credentials: encoded }),
  ]);
  expect(violations).toEqual([
    message.replace("stringData.access-key-id of search", "data.AWS_ACCESS_KEY_ID of search"),
  ]);
  expect(violations.join()).not.toMatch(/KEY-|hidden/);
});

test("a principal that two buckets let in is told once", async () => {
  const stack = [
    ...instance(),
    ...policy([allow({ AWS: ["user-shop"] }), allow({ AWS: "user-shop" })]),
  ];
  expect((await judgeStack(instanceSharesNoKey, stack)).violations).toEqual([
    "urn:search-bucket-policy: Instances shop and search have one principal (shop-bucket-policy, search-bucket-policy); give each a key of its own in artifactStoreKeys.",
  ]);
});

const account = (name: string, arn: string | undefined): Given => ({
  type: "kubernetes:core/v1:ServiceAccount",
  name: `${name}-service-account`,
  urn: `urn:${name}-service-account`,
  props: {
    metadata: {
      namespace: `mlflow-${name}`,
      labels: { "app.kubernetes.io/instance": name },
      annotations: arn === undefined ? {} : { "eks.amazonaws.com/role-arn": arn },
    },
  },
});
const accounts = async (shop: string | undefined, search: string | undefined) =>
  judgeStack(instanceSharesNoKey, [
    ...instance(),
    ...instance("search"),
    account("shop", shop),
    account("search", search),
  ]);

test("a role that the pods of two instances take is a shared key, too", async () => {
  expect(
    (await accounts("arn:aws:iam::1:role/mlflow", "arn:aws:iam::1:role/mlflow")).violations,
  ).toEqual([
    "urn:search-service-account: Instances shop and search have one cloud role (shop-service-account, search-service-account); give each a role of its own.",
  ]);
  expect(await accounts("arn:aws:iam::1:role/shop", "arn:aws:iam::1:role/search")).toEqual(clean);
  expect(await accounts(undefined, undefined)).toEqual(clean);
});
