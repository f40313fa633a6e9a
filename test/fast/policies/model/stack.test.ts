import { expect, test } from "vitest";
import { readStack } from "../../../../policies/model/stack.ts";
import { changed } from "../compliantInstance.ts";
import { foreignNamespace } from "../fixtures.ts";
import { instance, part } from "../instances.ts";
import { databaseFollowsInstance } from "../../../../policies/naming/databaseFollowsInstance.ts";
import { databaseRefusesOthers } from "../../../../policies/isolation/databaseRefusesOthers.ts";
import { roleOwnsItsDatabaseOnly } from "../../../../policies/security/roleOwnsItsDatabaseOnly.ts";
import { asStack, judgeStack, unknown, type Given } from "../support.ts";

const owned = (...resources: Given[]) =>
  Object.fromEntries(
    readStack(asStack(resources)).instances.map(({ name, resources: own }) => [
      name,
      own.map(({ name: logical }) => logical),
    ]),
  );
const object = (name: string, metadata: object): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name,
  props: { metadata },
});
const shop = part("namespace");
const ours = {
  "app.kubernetes.io/part-of": "mlflow-instances",
  "app.kubernetes.io/instance": "shop",
};

test("every part of an instance is its own, also beside one whose name it begins", () => {
  const both = owned(...instance("shop"), ...instance("shop-web"), foreignNamespace);
  expect(both).toEqual({
    shop: instance("shop").map(({ name }) => name),
    "shop-web": instance("shop-web").map(({ name }) => name),
  });
});

test("an object is an instance's by its labels or its namespace", () => {
  expect(
    owned(
      shop,
      object("labelled", { namespace: "elsewhere", labels: ours }),
      object("inside", { namespace: "mlflow-shop" }),
      object("shop-by-name-only", { namespace: "shop" }),
      object("shop-of-another-chart", {
        namespace: "shop",
        labels: { "app.kubernetes.io/instance": "shop" },
      }),
      object("shop-of-nowhere", {}),
    ),
  ).toEqual({ shop: ["shop-namespace", "labelled", "inside"] });
});

test("where a preview can't know the namespace, the logical name tells", () => {
  expect(
    owned(
      shop,
      object("shop-unknown", { namespace: unknown }),
      object("other", { namespace: unknown }),
    ),
  ).toEqual({
    shop: ["shop-namespace", "shop-unknown"],
  });
});

test("what surrounds a bucket is its bucket's, whatever its logical name", () => {
  const lifecycle = (name: string, bucket: string) => ({
    ...changed(part("lifecycle"), ["bucket"], bucket),
    name,
  });
  expect(
    owned(
      shop,
      part("bucket"),
      part("namespace", "web"),
      part("bucket", "web"),
      lifecycle("cleanup", "mlflow-dev-shop"),
      lifecycle("shop-x", "mlflow-dev-web"),
    ),
  ).toEqual({
    shop: ["shop-namespace", "shop-bucket", "cleanup"],
    web: ["web-namespace", "web-bucket", "shop-x"],
  });
  expect(owned(shop, part("bucket"), lifecycle("shop-x", unknown))).toEqual({
    shop: ["shop-namespace", "shop-bucket", "shop-x"],
  });
});

test("databases and roles are an instance's by their logical name or their own", () => {
  const named = (name: string, own: string) => ({
    ...changed(part("database"), ["name"], own),
    name,
  });
  expect(
    owned(
      shop,
      named("shop-database", "models"),
      named("db", "mlflow_shop"),
      named("grafana", "grafana"),
    ),
  ).toEqual({
    shop: ["shop-namespace", "shop-database", "db"],
  });
});

test("of a database whose server is yet to be made nothing is known, and nothing is held against it", async () => {
  const waiting = instance("shop").map((each) =>
    each.type.startsWith("postgresql:") ? { ...each, props: {} } : each,
  );
  expect(owned(...waiting)).toEqual({ shop: waiting.map(({ name }) => name) });
  for (const rule of [databaseFollowsInstance, roleOwnsItsDatabaseOnly, databaseRefusesOthers]) {
    const { violations, later } = await judgeStack(rule, waiting);
    expect(violations).toEqual([]);
    expect(later).not.toEqual([]);
  }
});
