import { expect, test } from "vitest";
import { databaseConnectionUsesTls } from "../../../../policies/security/databaseConnectionUsesTls.ts";
import {
  changed,
  credentials,
  credentialsWith,
  server,
  serverWith,
  tokens,
} from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const address = (query: string) =>
  credentialsWith({
    "backend-store-uri": `postgresql+psycopg2://shop:hidden@db.example.com/shop${query}`,
  });
const message = (what: string, wanted = "require or stricter") =>
  `${what}; set it to ${wanted} (platform.postgresql.sslMode of the environment).`;
const broken = message("The address in data.backend-store-uri has sslmode prefer");

resourceContract(databaseConnectionUsesTls, {
  passes: {
    "an address with full verification": credentials,
    "a server that takes it from there": server,
    "one with require": address("?sslmode=require"),
  },
  breaks: address("?sslmode=prefer"),
  message: broken,
  unknown: [
    {
      given: changed(address("?sslmode=prefer"), ["data", "other"], unknown),
      later: ["data.other"],
      violations: [broken],
    },
  ],
  ignores: {
    "the token file, also while a preview can't know it": changed(tokens, ["data"], unknown),
    "a Secret of no instance": changed(address("?sslmode=prefer"), ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...address("?sslmode=prefer"), type: "kubernetes:core/v1:ConfigMap" },
    "another address": credentialsWith({ other: "https://example.com/?sslmode=disable" }),
  },
});

test.each([
  ["", "does not set sslmode"],
  ["?application_name=a", "does not set sslmode"],
  ["?connect_timeout=5&sslmode=disable", "has sslmode disable"],
  ["?sslmode=allow", "has sslmode allow"],
  ["?sslmode=nonsense", "has sslmode nonsense"],
])('an address with "%s", and no word of its password', async (query, found) => {
  const { violations } = await judge(databaseConnectionUsesTls, address(query));
  expect(violations).toEqual([message(`The address in data.backend-store-uri ${found}`)]);
  expect(violations.join()).not.toContain("hidden");
});

test("an address in a variable", async () => {
  const given = serverWith({ MLFLOW_BACKEND_STORE_URI: "postgresql://shop:$(PASSWORD)@db/shop" });
  expect((await judge(databaseConnectionUsesTls, given)).violations).toEqual([
    message(
      "The address in spec.template.spec.containers[0].env[8] (MLFLOW_BACKEND_STORE_URI) does not set sslmode",
    ),
  ]);
});

const provider = (sslmode?: string): Given => ({
  type: "pulumi:providers:postgresql",
  name: "postgresql",
  urn: "urn:pulumi:dev::mlflow-instances::pulumi:providers:postgresql::postgresql",
  props: { host: "db.example.com", ...(sslmode === undefined ? {} : { sslmode }) },
});

test("the provider", async () => {
  expect(await judge(databaseConnectionUsesTls, provider("verify-full"))).toEqual(clean);
  expect((await judge(databaseConnectionUsesTls, provider("disable"))).violations).toEqual([
    message("The provider has sslmode disable"),
  ]);
  expect((await judge(databaseConnectionUsesTls, provider())).violations).toEqual([
    message("The provider does not set sslmode"),
  ]);
});

test("an environment may ask for more", async () => {
  const config = { least: { environments: { dev: "verify-full" } } };
  const weak = message("The provider has sslmode verify-ca", "verify-full");
  expect(
    (await judge(databaseConnectionUsesTls, provider("verify-ca"), { config })).violations,
  ).toEqual([weak]);
  expect(await judge(databaseConnectionUsesTls, credentials, { config })).toEqual(clean);
});
