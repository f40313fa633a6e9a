import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";
import { readStoreKeys } from "../../../program/environment/config.ts";
import { configOf, fixtureEnvironment, fixtureValues } from "./support.ts";

// Which key of the object store an instance gets. Whether it opens the bucket is the engine test's
// business.

const hidden = "hunter2-Xyzzy";
const pair = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: hidden });

const preview = { pullRequest: 12, until: "2027-02-20", instances: ["shop"] };

beforeEach(() =>
  pulumi.runtime.setMocks(
    { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
    "mlflow-instances",
    "pr-12",
  ),
);

function keysOf(stored: object, names: readonly string[], isPreview: boolean) {
  pulumi.runtime.setAllConfig({ "mlflow-instances:artifactStoreKeys": JSON.stringify(stored) }, [
    "mlflow-instances:artifactStoreKeys",
  ]);
  return readStoreKeys(configOf(fixtureValues()), names, (name) => `${name}.yaml`, {
    ...fixtureEnvironment(),
    ...(isPreview ? { preview } : {}),
  });
}

test("the entry `preview` stands in for every instance of a preview that has none of its own", () => {
  const stored = {
    preview: { ...pair("shared"), maintenance: pair("shared-cleaner") },
    "pr-12-cart": pair("own"),
  };
  const { keys, errors } = keysOf(stored, ["pr-12-shop", "pr-12-cart"], true);
  expect(errors).toEqual([]);
  expect(keys.get("pr-12-shop")?.accessKeyId).toBe("shared");
  expect(keys.get("pr-12-shop")?.maintenance?.accessKeyId).toBe("shared-cleaner");
  expect(keys.get("pr-12-cart")?.accessKeyId).toBe("own");
  expect(keys.get("pr-12-cart")?.maintenance).toBeUndefined();
});

test("it stands in for nobody else", () => {
  const { keys, errors } = keysOf({ preview: pair("shared") }, ["shop"], false);
  expect([...keys.keys()]).toEqual([]);
  expect(errors).toEqual([
    expect.stringContaining(
      "shop.yaml: the instance has no key in the secret mlflow-instances:artifactStoreKeys",
    ),
  ]);
});

test("the original's key is never a preview's", () => {
  const { keys, errors } = keysOf({ shop: pair("shop") }, ["pr-12-shop"], true);
  expect([...keys.keys()]).toEqual([]);
  expect(errors).toEqual([expect.stringContaining('add {"preview": {"accessKeyId": …')]);
  expect(errors.join()).not.toContain(hidden);
});
