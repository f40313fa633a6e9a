import { describe, expect, test } from "vitest";
import {
  allOf,
  asked,
  database,
  deploy,
  has,
  namespace,
  notes,
  run,
  serveObjects,
  warnings,
} from "./existingObjects.ts";

// What is there already, and what isn't any more. That a real API server answers these questions so
// is shown in test/engine.

serveObjects();

describe("what the last update left", () => {
  test("is there: nothing is said, and the questions are as many for one instance as for five", async () => {
    const five = ["shop", "cart", "till", "desk", "farm"];
    deploy(...five);
    expect(await run({ deployed: five, cluster: "uid-1" })).toEqual([]);
    expect([...notes, ...warnings]).toEqual([]);
    expect(
      asked.filter((url) => url.includes("/namespaces?") && !url.includes("continue")).length,
    ).toBe(1);
    expect(asked.filter((url) => url.includes("ingresses"))).toEqual([]);
  });

  test.each<[string, () => void, string]>([
    [
      "namespace",
      () => (has.namespaces = []),
      "The namespace mlflow-shop of instance shop is gone",
    ],
    [
      "namespace, which is just going",
      () =>
        (has.namespaces = [{ ...namespace("shop"), deletionTimestamp: "2026-11-29T00:00:00Z" }]),
      "The namespace mlflow-shop of instance shop is gone",
    ],
    [
      "tracking server",
      () => (has.deployments = []),
      "The tracking server (Deployment mlflow in mlflow-shop) of instance shop is gone",
    ],
    ["bucket", () => (has.buckets = []), "The bucket mlflow-local-shop of instance shop is gone"],
    [
      "database",
      () => (database.names = allOf("shop").slice(1)),
      "The database mlflow_shop of instance shop is gone",
    ],
    [
      "role",
      () => (database.names = allOf("shop").slice(0, -1)),
      "The role mlflow_shop_stale_runs of instance shop is gone",
    ],
  ])("is gone: its %s, with what heals it", async (what, change, words) => {
    deploy("shop");
    change();
    expect(await run({ deployed: ["shop"], cluster: "uid-1" })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect(warnings[0]).toContain(
      ["bucket", "database"].includes(what)
        ? "restore it first; `--refresh` makes an empty one"
        : "`--refresh` (`npx mlflow-instances deploy",
    );
  });

  test("can't be listed: nothing is called gone", async () => {
    deploy("shop");
    Object.assign(has, { namespaces: undefined, deployments: undefined });
    expect(await run({ deployed: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });
});
