import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { configure, good, hidden, programRun } from "./programRun.ts";
import { fixtureValues, folderWith } from "./support.ts";

// What the program says of the instance files where the stack was deployed before.

const run = programRun();

describe("against the outputs of the last update", () => {
  const key = { accessKeyId: "key", secretAccessKey: hidden };
  const artifactStoreKeys = JSON.stringify({ shop: key, cart: key, till: key });
  const deployed = (...names: string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, { bucket: "b" }]));
  const linesOf = async () =>
    (await run.failureOf())
      .slice(1)
      .map((line) => line.replace(/[^ ]*\/stacks-[A-Za-z0-9]+\//g, ""));

  test("files that are gone are all said at once, with what to do", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": good }),
      artifactStoreKeys,
    });
    run.lastOutputs = { instances: deployed("shop", "cart", "till") };
    expect(await linesOf()).toEqual([
      '  cart.yaml: is gone, but a file that disappears deletes nothing; to delete cart, put the file back with the line "delete: cart", deploy, then remove the file',
      '  till.yaml: is gone, but a file that disappears deletes nothing; to delete till, put the file back with the line "delete: till", deploy, then remove the file',
    ]);
  });

  test("a file that was renamed is told as such", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "till.yaml": good }),
      artifactStoreKeys,
    });
    run.lastOutputs = { instances: deployed("cart") };
    expect(await linesOf()).toEqual([
      "  cart.yaml: is gone and till.yaml is new. An instance can't be renamed: bucket, database and address follow from its name. Give the file its old name back; " +
        'if till is an instance of its own and cart is to be deleted, put the file back with the line "delete: cart", deploy, then remove the file',
    ]);
  });

  test("an instance that was prepared may be gone, and one whose file is wrong is not", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": `${good}tier: gold\n` }),
      artifactStoreKeys,
    });
    run.lastOutputs = { instances: { ...deployed("shop"), cart: { deletion: "prepared" } } };
    expect(await linesOf()).toEqual([
      '  shop.yaml:4:1 tier: is "gold", not one of sandbox, standard, production',
    ]);
  });

  test("a folder that is gone is one error, not one for each instance", async () => {
    configure(fixtureValues(), {
      instancesFolder: join(folderWith({}), "nowhere"),
      artifactStoreKeys,
    });
    run.lastOutputs = { instances: deployed("shop", "cart") };
    expect(await linesOf()).toEqual([expect.stringMatching(/nowhere: no such folder/)]);
  });

  test("delete wants the instance's own name, of an instance that was deployed", async () => {
    const files = {
      "shop.yaml": `${good}delete: cart\n`,
      "cart.yaml": `${good}delete: cart\n`,
      "till.yaml": `${good}delete: true\n`,
    };
    configure(fixtureValues(), { instancesFolder: folderWith(files), artifactStoreKeys });
    run.lastOutputs = { instances: deployed("shop") };
    expect(await linesOf()).toEqual([
      "  cart.yaml:4:1 delete: is set, but stack local has never deployed cart: there is nothing to delete, remove the file",
      '  shop.yaml:4:1 delete: is "cart"; to delete this instance, write its name, "shop"',
      "  till.yaml:4:1 delete: is true, not a text; to delete the instance, write its name here",
    ]);
  });

  test("outputs that can't be read are no empty ones", async () => {
    configure(fixtureValues(), {
      instancesFolder: folderWith({ "shop.yaml": good }),
      artifactStoreKeys,
    });
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
      call: () => {
        throw new Error("incorrect passphrase");
      },
    };
    await pulumi.runtime.setMocks(mocks, "mlflow-instances", "local", false, "organization");
    expect((await run.failureOf())[0]).toMatch(
      /^The outputs of the last update of organization\/mlflow-instances\/local can't be read; nothing was changed:/,
    );
  });
});
