import { expect, test } from "vitest";
import { errorsIn, errorsOf, good } from "./instanceFiles.ts";
import { fixtureEnvironment } from "./support.ts";

// Values that are right by themselves, and wrong in their environment or beside another instance.

test("a host of its own in the domain is right, unless another instance has it", () => {
  expect(errorsIn("host: till.mlflow.test\n")).toEqual([]);
  expect(errorsOf({ "cart.yaml": good, "shop.yaml": `${good}host: cart.mlflow.test\n` })).toEqual([
    "shop.yaml:4:1 host: is cart.mlflow.test, which is the host of cart; choose another",
  ]);
});

test("of two files with one host, the file that sets it is wrong; if both do, the later one", () => {
  const till = `${good}host: till.mlflow.test\n`;
  expect(errorsOf({ "cart.yaml": till, "till.yaml": good })).toEqual([
    "cart.yaml:4:1 host: is till.mlflow.test, which is the host of till; choose another",
  ]);
  expect(errorsOf({ "cart.yaml": till, "shop.yaml": till })).toEqual([
    "shop.yaml:4:1 host: is till.mlflow.test, which is the host of cart; choose another",
  ]);
  expect(errorsOf({ "cart.yaml": till, "shop.yaml": till, "till.yaml": good })).toEqual([
    "cart.yaml:4:1 host: is till.mlflow.test, which is the host of till; choose another",
    "shop.yaml:4:1 host: is till.mlflow.test, which is the host of till; choose another",
  ]);
});

test("two instances deliver no token to the same Secret", () => {
  const environment = fixtureEnvironment((values) => {
    values.bounds = { tokenNamespaces: ["*"] };
  });
  const to = (name: string) =>
    `${good}tokens:\n  ci: { role: read, expires: 2027-01-01, deliverTo: { namespace: training, name: ${name} } }\n`;
  expect(errorsOf({ "cart.yaml": to("a"), "shop.yaml": to("b") }, environment)).toEqual([]);
  expect(errorsOf({ "cart.yaml": to("a"), "shop.yaml": to("a") }, environment)).toEqual([
    "shop.yaml:4:1 tokens: is training/a, which is the Secret of a delivered token of cart; choose another",
  ]);
});

test("an instance whose database has the name of a maintenance role of another one", () => {
  expect(
    errorsOf({ "shop.yaml": good, "shop-retention.yaml": good, "shop-stale-runs.yml": good }),
  ).toEqual([
    "shop.yaml:1:1: the database role mlflow_shop_retention is also that of shop-retention; give the newer one another name",
    "shop.yaml:1:1: the database role mlflow_shop_stale_runs is also that of shop-stale-runs; give the newer one another name",
  ]);
  expect(errorsOf({ "shop.yaml": good, "shop-keeper.yaml": good })).toEqual([]);
});

test("an environment's bounds narrow the retention further", () => {
  const environment = fixtureEnvironment(
    (values) => (values.bounds = { deletedExperimentRetention: { min: "14d", max: "60d" } }),
  );
  expect(
    errorsOf({ "shop.yaml": `${good}deletedExperimentRetention: 13d\n` }, environment),
  ).toEqual([
    "shop.yaml:4:1 deletedExperimentRetention: is 13d, outside 14d to 60d of tier standard in local",
  ]);
});

test("an environment's bounds narrow the age of traces, where there is one", () => {
  const environment = fixtureEnvironment(
    (values) => (values.bounds = { traceRetention: { min: "30d", max: "365d" } }),
  );
  const said = (days: string) =>
    errorsOf({ "shop.yaml": `${good}traceRetention: ${days}\n` }, environment);
  expect([said("30d"), said("365d"), errorsOf({ "shop.yaml": good }, environment)]).toEqual([
    [],
    [],
    [],
  ]);
  expect(said("29d")).toEqual([
    "shop.yaml:4:1 traceRetention: is 29d, outside 30d to 365d, the bounds of the environment",
  ]);
  expect(said("6d")).toEqual([
    'shop.yaml:4:1 traceRetention: is "6d", but must be a number of days from 7d to 730d',
  ]);
});

test("an upload for which the shared load balancer of an environment on AWS would not wait", () => {
  const files = { "shop.yaml": `${good}temporaryStorage: 21Gi\n` };
  const environment = (groupTemporaryStorage?: string) =>
    fixtureEnvironment(
      ({ platform }) =>
        Object.assign(platform.ingress, { groupName: "mlflow", groupTemporaryStorage }),
      "aws",
    );
  expect(errorsOf(files, environment())).toEqual([
    'shop.yaml:4:1 temporaryStorage: is "21Gi", but must be at most 20Gi, platform.ingress.groupTemporaryStorage: the group\'s one load balancer waits for uploads of that size and no longer',
  ]);
  expect(errorsOf(files, environment("21Gi"))).toEqual([]);
});
