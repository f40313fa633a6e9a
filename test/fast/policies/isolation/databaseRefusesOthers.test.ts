import { expect, test } from "vitest";
import { databaseRefusesOthers } from "../../../../policies/isolation/databaseRefusesOthers.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { clean, judgeStack, unknown } from "../support.ts";

const grant = (props: object) => ({
  ...part("retentionConnect"),
  name: "more",
  urn: "urn:more",
  props: { ...part("retentionConnect").props, ...props },
});
const both = (props: object) => [...instance(), ...instance("search"), grant(props)];
const verdict = async (stack: Parameters<typeof judgeStack>[1]) =>
  (await judgeStack(databaseRefusesOthers, stack)).violations;
const open =
  "urn:shop-database: Every role of the server may connect to the database of instance shop; add a postgresql.Grant on mlflow_shop with role public, objectType database and no privileges.";

stackContract(databaseRefusesOthers, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "a right that was taken": both({ role: "mlflow_search", privileges: [] }),
    "a role of the platform, for backups": with_(grant({ role: "backup" })),
  },
  breaks: instance("shop", { noPublic: undefined }),
  message: open,
  unknown: [
    {
      given: instance("shop", { noPublic: changed(part("noPublic"), ["database"], unknown) }),
      later: ["database"],
    },
    {
      given: with_(
        grant({ role: "public" }),
        instance("shop", {
          retentionConnect: changed(part("retentionConnect"), ["role"], unknown),
        }),
      ),
      later: ["role"],
      violations: [
        "urn:more: more lets every role of the server into the database mlflow_shop of instance shop; take its privileges away.",
      ],
    },
    {
      given: instance("shop", { database: changed(part("database"), ["name"], unknown) }),
      later: ["name"],
    },
  ],
  ignores: {
    "a grant on a schema": both({ objectType: "schema", role: "mlflow_search" }),
    "a database of nobody": with_({
      type: "postgresql:index/database:Database",
      name: "grafana",
      props: { name: "grafana" },
    }),
  },
});

test("another instance's role is let in nowhere", async () => {
  expect(await verdict(both({ role: "mlflow_search_retention" }))).toEqual([
    "urn:more: more lets the role mlflow_search_retention of instance search into the database mlflow_shop of instance shop; take its privileges away.",
  ]);
});

test("what PUBLIC is given back is told as such", async () => {
  const given = changed(part("noPublic"), ["privileges"], ["CONNECT"]);
  expect(await verdict(instance("shop", { noPublic: given }))).toEqual([
    "urn:shop-database-no-public: shop-database-no-public lets every role of the server into the database mlflow_shop of instance shop; take its privileges away.",
  ]);
});

test("a database that is missing is another rule's matter", async () => {
  expect(
    await judgeStack(
      databaseRefusesOthers,
      instance("shop", { database: undefined, noPublic: undefined }),
    ),
  ).toEqual(clean);
});
