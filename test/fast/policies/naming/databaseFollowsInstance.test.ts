import { expect, test } from "vitest";
import { databaseFollowsInstance } from "../../../../policies/naming/databaseFollowsInstance.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const database = (name: string | undefined) =>
  instance("shop", { database: changed(part("database"), ["name"], name) });
const role = (name: string) =>
  instance("shop", { retentionRole: changed(part("retentionRole"), ["name"], name) });

stackContract(databaseFollowsInstance, {
  passes: {
    "an instance": instance(),
    "a name with dashes": instance("search-ranker"),
    "two instances, one of whose names begins the other's": [
      ...instance(),
      ...instance("shop-web"),
    ],
  },
  breaks: database("mlflow_models"),
  message:
    "urn:shop-database: The database shop-database of instance shop is named mlflow_models; set name to mlflow_shop.",
  unknown: [{ given: database(unknown), later: ["name"] }],
  ignores: {
    "a database of nobody": with_({
      type: "postgresql:index/database:Database",
      name: "grafana",
      props: { name: "grafana" },
    }),
    "another type": with_({
      type: "postgresql:index/schema:Schema",
      name: "shop-schema",
      props: { name: "other" },
    }),
  },
});

test("roles are judged, too, and what has no name", async () => {
  expect((await judgeStack(databaseFollowsInstance, role("mlflow_gc"))).violations).toEqual([
    "urn:shop-retention-role: The role shop-retention-role of instance shop is named mlflow_gc; set name to mlflow_shop or mlflow_shop_retention or mlflow_shop_stale_runs.",
  ]);
  expect((await judgeStack(databaseFollowsInstance, database(undefined))).violations).toEqual([
    "urn:shop-database: The database shop-database of instance shop has no name of its own; set name to mlflow_shop.",
  ]);
});
