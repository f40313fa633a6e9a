import { CopyObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { refused } from "./deletion/refused.ts";
import {
  client,
  dataHolders,
  deployed,
  dumps,
  engine,
  file,
  guarded,
  keys,
  logins,
  name,
  objects,
  other,
  readBack,
  rows,
  setScene,
  up,
} from "./deletion/scene.ts";
import { cluster } from "./support/cluster.ts";
import { databases } from "./support/database.ts";
import { instanceOf } from "./support/engine.ts";
import { https } from "./support/http.ts";
import { objectStore } from "./support/objectStore.ts";

// Proves, on a real engine and cluster and with data in it, that an instance goes only by its name:
// a file that disappears deletes nothing, `delete:` stops the instance and dumps its database,
// taking the line out brings it back, and only then does removing the file remove everything. What
// a dump holds of every table is images/tracking-server/tests/dump's. What deletes nothing is in
// deletion/.

setScene();
refused();

describe("delete with the instance's name", () => {
  it("stops it, writes a dump that has every row, and keeps bucket, artifacts and tokens", async () => {
    const [token, before, artifacts] = [client().token, await rows(), await keys("artifacts/")];
    expect(artifacts.length).toBeGreaterThan(0);
    await engine.instance(name, `${file}delete: ${name}\n`);
    await up();

    expect(instanceOf(deployed, name).deletion).toBe("prepared");
    expect(instanceOf(deployed, other).deletion).toBeUndefined();
    expect(client().token).toBe(token);
    const [{ manifest, folder }, ...more] = (await dumps()) as [
      Awaited<ReturnType<typeof dumps>>[0],
    ];
    expect(more).toEqual([]);
    expect(manifest.instance).toBe(name);
    const { tables, records } = manifest;
    expect(Object.fromEntries(tables.map((table) => [table.name, table.rows]))).toEqual(before);
    expect(records.map((table) => table.name)).toEqual(["instance_records.audit"]);
    expect(records[0]!.rows).toBeGreaterThan(0);
    expect(before).toMatchObject({ runs: 1, registered_models: 1, model_versions: 1, metrics: 20 });
    expect((await keys(folder)).sort()).toEqual(
      [
        ...[...tables, ...records].map((table) => `${folder}/${table.file}`),
        `${folder}/manifest.json`,
      ].sort(),
    );
    expect(await rows()).toEqual(before);
    expect(await keys("artifacts/")).toEqual(artifacts);
  });

  it("has no server, no ingress, no schedules, no logins but the owner's, and no guards", async () => {
    expect(
      await cluster(deployed).pods(`mlflow-${name}`, "app.kubernetes.io/component=tracking-server"),
    ).toEqual([]);
    for (const kind of ["ingress", "cronjobs", "poddisruptionbudgets"])
      expect(await objects(kind), kind).toEqual([]);
    expect(await objects("jobs")).toContainEqual(expect.stringContaining("final-dump"));
    expect((await https(`${client().trackingUri}/health`, client())).status).toBe(404);
    expect(
      (await databases(deployed).roles()).filter((role) => role.startsWith("mlflow_card_checks")),
    ).toHaveLength(3);
    expect(await logins()).toEqual(["mlflow_card_checks"]);
    expect((await guarded()).sort()).toEqual(dataHolders(other).sort());
    expect(await engine.preview()).toEqual([]);
  });
});

describe("the line taken out", () => {
  it("brings the instance back, with the same token and all that it held", async () => {
    const token = client().token;
    await engine.instance(name, file);
    await up();
    expect(instanceOf(deployed, name).deletion).toBeUndefined();
    expect(client().token).toBe(token);
    expect(await readBack(name)).toMatchObject({ code: 0, output: expect.stringMatching(/^1$/m) });
    expect((await guarded()).sort()).toEqual([...dataHolders(name), ...dataHolders(other)].sort());
    expect(await logins()).toEqual([
      "mlflow_card_checks",
      "mlflow_card_checks_retention",
      "mlflow_card_checks_stale_runs",
    ]);
    expect(await objects("cronjobs")).toHaveLength(2);
    expect(await objects("jobs")).not.toContainEqual(expect.stringContaining("final-dump"));
    expect(await engine.preview()).toEqual([]);
  });
});

describe("the dump", () => {
  it("brings everything into a new instance, as docs/deletion.md says", async () => {
    await engine.instance(name, `${file}delete: ${name}\n`);
    await up();
    const [first, second, ...more] = (await dumps()).map(({ folder }) => folder).sort();
    expect(more).toEqual([]);
    expect(first).not.toBe(second);

    const root = await objectStore(deployed, await engine.values()).root();
    const [from, to] = [instanceOf(deployed, name).bucket, instanceOf(deployed, other).bucket];
    for (const Key of await keys())
      await root.send(
        new CopyObjectCommand({
          Bucket: to,
          Key: Key.replace(/^final-dump/, "tmp/final-dump"),
          CopySource: `${from}/${encodeURIComponent(Key)}`,
        }),
      );
    const said = await cluster(deployed).exec(`mlflow-${other}`, [
      "mlflow-instance-load-dump",
      `tmp/${second ?? ""}`,
    ]);
    expect(said).toContain('"event": "summary"');
    expect(await readBack(other)).toMatchObject({ code: 0, output: expect.stringMatching(/^1$/m) });
  });
});

describe("the file removed after the deletion was prepared", () => {
  it("takes namespace, database, roles, bucket and keys along, and leaves the other instance as it was", async () => {
    const gone = instanceOf(deployed, name);
    const stored = JSON.parse(
      (await engine.values()).secrets["artifactStoreKeys"] ?? "{}",
    ) as Record<string, { maintenance: unknown }>;
    const { maintenance, ...own } = stored[name]!;
    await engine.instance(name, undefined);
    await up();
    expect(deployed.instances.map((instance) => instance.name)).toEqual([other]);
    expect(await cluster(deployed).namespaces()).not.toContain(gone.namespace);
    expect(await databases(deployed).names()).not.toContain(gone.database);
    // Its own and those of its maintenance jobs.
    expect(
      (await databases(deployed).roles()).filter((role) => role.startsWith(gone.database)),
    ).toEqual([]);
    expect(await objectStore(deployed, await engine.values()).buckets()).not.toContain(gone.bucket);
    const former = objectStore(deployed, {
      secrets: { artifactStoreKeys: JSON.stringify({ own, maintenance }) },
    });
    for (const key of ["own", "maintenance"]) {
      expect(await former.list({ as: key, bucket: instanceOf(deployed, other).bucket }), key).toBe(
        "InvalidAccessKeyId",
      );
    }
    expect((await readBack(other)).code).toBe(0);
  });
});
