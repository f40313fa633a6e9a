import { describe, expect, test } from "vitest";
import {
  asked,
  database,
  deploy,
  has,
  namespace,
  postgresql,
  run,
  serveObjects,
  warnings,
} from "./existingObjects.ts";
import { portOf } from "./fakes.ts";

// What is there already, and what isn't any more. That a real API server answers these questions so
// is shown in test/engine.

serveObjects();

describe("what a new instance needs", () => {
  const everything = () => deploy("shop");

  test("is free: nothing is said", async () => {
    expect(await run({ fresh: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("is there of another environment: an error before anything, with namespace, environment and owner", async () => {
    everything();
    has.namespaces = [namespace("shop", "staging")];
    const lines = await run({ fresh: ["shop"] });
    expect(lines).toEqual([
      expect.stringMatching(
        /^PostgreSQL at .* \(platform\.postgresql\): database mlflow_shop, role mlflow_shop, .* of instance shop exists already/,
      ),
      "The namespace mlflow-shop of instance shop (platform.kubernetes): it exists already; it belongs to environment staging, owner them@example.com. Name the instance otherwise",
      expect.stringMatching(
        /^The bucket mlflow-local-shop of instance shop \(platform\.objectStore\.bucketPrefix\): it exists already; set another bucketPrefix/,
      ),
    ]);
  });

  test("is there of an update of this stack that was interrupted: it is taken up", async () => {
    everything();
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("is there, and nobody can tell whose it is: a warning", async () => {
    everything();
    expect(await run({ fresh: ["shop"], inState: "unknown" })).toEqual([]);
    expect(warnings.length).toBe(3);
    for (const warning of warnings)
      expect(warning).toMatch(
        /An update fails there, unless an interrupted update of this stack made it$/,
      );
  });

  test("is there in a namespace that is nobody's, or that is just going", async () => {
    has.namespaces = [{ name: "mlflow-shop" }];
    expect(await run({ fresh: ["shop"], inState: "unknown" })).toEqual([
      expect.stringContaining("it has no labels of an instance"),
    ]);
    has.namespaces = [{ ...namespace("shop"), deletionTimestamp: "2026-11-29T00:00:00Z" }];
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([
      expect.stringContaining("it is being deleted; try again"),
    ]);
  });

  test("is a role alone, which the server of two clusters has", async () => {
    database.names = ["role mlflow_shop_retention"];
    expect(await run({ fresh: ["shop"] })).toEqual([
      `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): role mlflow_shop_retention of instance shop exists already; name the instance otherwise`,
    ]);
  });

  const ingress = (namespace: string, host: string) => ({
    metadata: { name: "web", namespace },
    spec: { rules: [{ host }] },
  });
  test("is a host that another namespace's ingress has, on whatever page of the list; its own is fine", async () => {
    has.ingresses = [
      ingress("a", "a.test"),
      ingress("b", "b.test"),
      ingress("mlflow-shop", "shop.mlflow.test"),
    ];
    expect(await run({ fresh: ["shop"] })).toEqual([]);
    has.ingresses.push(ingress("billing", "Shop.mlflow.test"));
    expect(await run({ fresh: ["shop"], inState: ["shop"] })).toEqual([
      "The host shop.mlflow.test of instance shop: the ingress web in namespace billing has it already; set another host",
    ]);
    // Nothing new: nobody asks.
    asked.length = 0;
    deploy("shop");
    expect(await run({ deployed: ["shop"] })).toEqual([]);
    expect(asked.filter((url) => url.includes("ingresses"))).toEqual([]);
    has.ingresses = undefined;
    deploy();
    expect(await run({ fresh: ["shop"] })).toEqual([]);
  });
});
