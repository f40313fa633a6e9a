import { expect, test } from "vitest";
import { roleOwnsItsDatabaseOnly } from "../../../../policies/security/roleOwnsItsDatabaseOnly.ts";
import { changed, database, role } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const message = (owner: string) =>
  `urn:1: The database of instance shop belongs to ${owner}; set owner to a role of the instance.`;
const owned = (owner: string | undefined) => changed(database, ["owner"], owner);

const search: Given[] = [
  { ...namespace({ "app.kubernetes.io/instance": "search" }), name: "search-namespace" },
  { ...changed(role, ["name"], "mlflow_search"), name: "search-database-role" },
  {
    ...changed(changed(database, ["name"], "mlflow_search"), ["owner"], "mlflow_search"),
    name: "search-database",
  },
];

stackContract(roleOwnsItsDatabaseOnly, {
  passes: {
    "a database of its own role": [namespace(), database, role],
    "two instances": [namespace(), database, role, ...search],
    "a role that is a member of one that owns nothing": [
      namespace(),
      database,
      changed(role, ["roles"], ["readers"]),
    ],
  },
  breaks: [namespace(), owned("mlflow_search"), role, ...search],
  message: message("mlflow_search"),
  unknown: [
    { given: [namespace(), owned(unknown), role], later: ["owner"] },
    { given: [namespace(), database, changed(role, ["name"], unknown)], later: ["name"] },
  ],
  ignores: {
    "a database of no instance": [
      { ...owned("postgres"), name: "other", props: { name: "other", owner: "postgres" } },
    ],
  },
});

test("a database without an owner is the administrator's", async () => {
  expect(
    (await judgeStack(roleOwnsItsDatabaseOnly, [namespace(), owned(undefined), role])).violations,
  ).toEqual([message("the administrator")]);
});

const member =
  "The role mlflow_shop is a member of mlflow_search, which owns a database; take it out of roles and GrantRole.";

test("a member of another owner, both ways to become one", async () => {
  const listed = changed(role, ["roles"], ["mlflow_search"]);
  expect(
    (await judgeStack(roleOwnsItsDatabaseOnly, [namespace(), database, listed, ...search]))
      .violations,
  ).toEqual([`urn:2: ${member}`]);
  const grant: Given = {
    type: "postgresql:index/grantRole:GrantRole",
    name: "shop-member",
    props: { role: "mlflow_shop", grantRole: "mlflow_search" },
  };
  expect(
    (await judgeStack(roleOwnsItsDatabaseOnly, [namespace(), database, role, grant, ...search]))
      .violations,
  ).toEqual([`urn:3: ${member}`]);
});

test("a role of the instance that is a member of its own owner", async () => {
  const retention = {
    ...changed(changed(role, ["name"], "mlflow_shop_retention"), ["roles"], ["mlflow_shop"]),
    name: "shop-retention-role",
  };
  expect(
    (await judgeStack(roleOwnsItsDatabaseOnly, [namespace(), database, role, retention]))
      .violations,
  ).toEqual([
    "urn:3: The role mlflow_shop_retention is a member of mlflow_shop, which owns a database; take it out of roles and GrantRole.",
  ]);
});
