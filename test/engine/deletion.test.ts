import { CopyObjectCommand, GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logFirstRun, type FirstRun } from "../../local/client/firstRun.ts";
import type { Deployed } from "../../local/commands/up.ts";
import { PulumiError } from "../../local/stack/pulumi.ts";
import { soon } from "../support/dates.ts";
import { cluster } from "./support/cluster.ts";
import { databases } from "./support/database.ts";
import { engineStack, instanceOf, nameOf, tokenOf, type Engine } from "./support/engine.ts";
import { eventually } from "./support/eventually.ts";
import { https } from "./support/http.ts";
import { objectStore } from "./support/objectStore.ts";
import { runPython } from "./support/python.ts";

// Proves, on a real engine and cluster and with data in it, that an instance goes only by its name:
// a file that disappears deletes nothing, `delete:` stops the instance and dumps its database,
// taking the line out brings it back, and only then does removing the file remove everything. What
// a dump holds of every table is images/tracking-server/tests/dump's.

const name = "card-checks";
const other = "route-planner";
const file = `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
tokens:
  ci: { role: edit, expires: ${soon} }
`;
const stack = ["--stack", "deletion"];
let engine: Engine;
let deployed: Deployed;
let run: FirstRun;

beforeAll(async () => {
  engine = await engineStack("deletion");
  await engine.instance(name, file);
  await engine.instance(other, file);
  deployed = await engine.up();
  run = await logFirstRun(deployed.python, client(), { mebibytes: 1 });
});

afterAll(() => engine.remove());

const client = (instance = name) => {
  const { trackingUri, ...rest } = instanceOf(deployed, instance);
  return {
    trackingUri,
    token: tokenOf({ trackingUri, ...rest }, "ci"),
    caPath: deployed.platform.caPath,
  };
};

/** What the CLI printed of a command that must fail. */
async function failed(...args: string[]): Promise<string> {
  const error: unknown = await engine.pulumi.run([...args, ...stack]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PulumiError))
    throw new Error(`expected pulumi ${args.join(" ")} to fail, got ${String(error)}`);
  return error.output;
}

interface Resource {
  urn: string;
  protect?: boolean;
  retainOnDelete?: boolean;
}

async function resources(): Promise<Resource[]> {
  const text = await engine.pulumi.run(["stack", "export", ...stack]);
  // A secret is encrypted anew whenever the state is written.
  const state = JSON.parse(text.replaceAll(/"ciphertext": "[^"]*"/g, '"ciphertext": ""')) as {
    deployment: { resources: Resource[] };
  };
  return state.deployment.resources;
}

/** Names of the resources that are protected and would be kept. */
const guarded = async (): Promise<string[]> =>
  (await resources()).flatMap(({ urn, protect, retainOnDelete }) =>
    protect === true && retainOnDelete === true ? [nameOf(urn)] : [],
  );

const dataHolders = (instance: string): string[] =>
  ["bucket", "database", "database-role", "retention-role", "stale-runs-role"].map(
    (noun) => `${instance}-${noun}`,
  );

/** Rows of every table. */
async function rows(): Promise<Record<string, number>> {
  const connection = await databases(deployed).administrator(instanceOf(deployed, name).database);
  try {
    const tables = await connection.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    const counts: Record<string, number> = {};
    for (const table of tables.rows) {
      const answer = await connection.query<{ count: number }>(
        `select count(*)::int as count from "${table.name}"`,
      );
      counts[table.name] = answer.rows[0]?.count ?? -1;
    }
    return counts;
  } finally {
    await connection.end();
  }
}

async function keys(prefix = ""): Promise<string[]> {
  const root = await objectStore(deployed, await engine.values()).root();
  const { Contents = [] } = await root.send(
    new ListObjectsV2Command({ Bucket: instanceOf(deployed, name).bucket, Prefix: prefix }),
  );
  return Contents.map(({ Key = "" }) => Key);
}

interface Manifest {
  instance: string;
  tables: { name: string; rows: number; file: string }[];
}

/** The manifests of all finished dumps, with their folders. */
async function dumps(): Promise<{ folder: string; manifest: Manifest }[]> {
  const root = await objectStore(deployed, await engine.values()).root();
  const found = (await keys("final-dump/")).filter((key) => key.endsWith("/manifest.json"));
  return Promise.all(
    found.map(async (Key) => {
      const { Body } = await root.send(
        new GetObjectCommand({ Bucket: instanceOf(deployed, name).bucket, Key }),
      );
      return {
        folder: Key.replace(/\/manifest\.json$/, ""),
        manifest: JSON.parse((await Body?.transformToString()) ?? "") as Manifest,
      };
    }),
  );
}

/** The names of the namespace's objects of a kind. */
async function objects(kind: string): Promise<string[]> {
  const { output } = await cluster(deployed).kubectl([
    "get",
    kind,
    "--namespace",
    `mlflow-${name}`,
    "-o",
    "name",
  ]);
  return output.split("\n").filter((line) => line.includes("/"));
}

describe("a file that disappears", () => {
  it.each([
    ["preview", ["preview"]],
    ["up", ["up", "--yes", "--skip-preview"]],
  ])("fails %s with what to do, and changes nothing", async (_what, command) => {
    const before = await resources();
    await engine.instance(name, undefined);
    try {
      const output = await failed(...command);
      expect(output).toContain(
        `${name}.yaml: is gone, but a file that disappears deletes nothing; to delete ${name}, put the file back with the line "delete: ${name}", deploy, then remove the file`,
      );
      expect(output).not.toMatch(/\n\s+at .*\.ts:/);
    } finally {
      await engine.instance(name, file);
    }
    expect(await resources()).toEqual(before);
  });

  it("is told as a rename when another file came", async () => {
    await engine.instance(name, undefined);
    await engine.instance("card-tests", file);
    try {
      expect(await failed("preview")).toContain(
        `card-tests.yaml is new. An instance can't be renamed`,
      );
    } finally {
      await engine.instance("card-tests", undefined);
      await engine.instance(name, file);
    }
  });
});

describe("the engine itself", () => {
  it("refuses to destroy what holds data, in every tier", async () => {
    const before = await resources();
    expect((await guarded()).sort()).toEqual([...dataHolders(name), ...dataHolders(other)].sort());
    expect(await failed("destroy", "--yes")).toMatch(/protect/);
    expect(await resources()).toEqual(before);
  });
});

describe("delete with another name", () => {
  it("fails with the line in the file", async () => {
    await engine.instance(name, `${file}delete: ${other}\n`);
    expect(await failed("preview")).toMatch(
      new RegExp(
        `${name}\\.yaml:8:1 delete: is "${other}"; to delete this instance, write its name, "${name}"`,
      ),
    );
  });
});

describe("a dump that fails", () => {
  it("leaves the instance as one that may not go, and is made anew by the next up", async () => {
    const self = instanceOf(deployed, name);
    const notebook = await databases(deployed).login({ as: self, to: self });
    const namespace = ["--namespace", self.namespace];
    const { kubectl } = cluster(deployed);
    try {
      await engine.instance(name, `${file}delete: ${name}\n`);
      await engine.configure();
      const up = failed("up", "--yes", "--skip-preview");
      // It waits for the notebook to go; two minutes are too long for a test.
      await eventually(60_000, async () => {
        const jobs = (await kubectl(["get", "jobs", ...namespace, "-o", "name"])).output;
        const job = /job\.batch\/\S*final-dump\S*/.exec(jobs)?.[0] ?? "none";
        const patch = [
          "patch",
          job,
          ...namespace,
          "--type",
          "merge",
          "--patch",
          '{"spec":{"activeDeadlineSeconds":1}}',
        ];
        expect((await kubectl(patch)).code).toBe(0);
      });
      // The cluster gives its pod half a minute to end by itself, which proves nothing here.
      const pods = ["pods", ...namespace, "--selector", "app.kubernetes.io/component=final-dump"];
      await eventually(30_000, async () => {
        const ends = await kubectl([
          "get",
          ...pods,
          "-o",
          "jsonpath={range .items[*]}{.metadata.name}={.metadata.deletionTimestamp};{end}",
        ]);
        expect([ends.code, ends.output]).toEqual([0, expect.not.stringContaining("=;")]);
      });
      await kubectl(["delete", ...pods, "--grace-period=0", "--force"]);
      expect(await up).toMatch(/final-dump.*failed/);
    } finally {
      await notebook.end();
    }
    await engine.instance(name, undefined);
    expect(await failed("preview")).toContain(`${name}.yaml: is gone, but`);
    await engine.instance(name, file);
  });
});

describe("delete with the instance's name", () => {
  it("stops it, writes a dump that has every row, and keeps bucket, artifacts and tokens", async () => {
    const [token, before, artifacts] = [client().token, await rows(), await keys("artifacts/")];
    expect(artifacts.length).toBeGreaterThan(0);
    await engine.instance(name, `${file}delete: ${name}\n`);
    deployed = await engine.up();

    expect(instanceOf(deployed, name).deletion).toBe("prepared");
    expect(instanceOf(deployed, other).deletion).toBeUndefined();
    expect(client().token).toBe(token);
    const [{ manifest, folder }, ...more] = (await dumps()) as [
      Awaited<ReturnType<typeof dumps>>[0],
    ];
    expect(more).toEqual([]);
    expect(manifest.instance).toBe(name);
    expect(Object.fromEntries(manifest.tables.map((table) => [table.name, table.rows]))).toEqual(
      before,
    );
    expect(before).toMatchObject({ runs: 1, registered_models: 1, model_versions: 1, metrics: 20 });
    expect((await keys(folder)).sort()).toEqual(
      [
        ...manifest.tables.map((table) => `${folder}/${table.file}`),
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

/**
 * Reads what was logged at the beginning, through an instance's URL; prints the version of the
 * registered model.
 */
function readBack(instance: string): Promise<{ code: number; output: string }> {
  const program = `
import mlflow, os
client = mlflow.MlflowClient()
assert len(client.get_metric_history("${run.runId}", "loss")) == 20
path = mlflow.artifacts.download_artifacts(run_id="${run.runId}", artifact_path="model/weights.bin")
assert os.path.getsize(path) == ${run.artifactBytes}
print(client.get_model_version_by_alias("${run.model}", "${run.alias}").version)`;
  return runPython(deployed.python, program, client(instance));
}

/** The instance's roles that may log in. */
async function logins(): Promise<string[]> {
  const connection = await databases(deployed).administrator("postgres");
  try {
    const { rows: found } = await connection.query<{ name: string }>(
      "select rolname as name from pg_roles where rolcanlogin and rolname like 'mlflow\\_card\\_checks%' order by 1",
    );
    return found.map((role) => role.name);
  } finally {
    await connection.end();
  }
}

describe("the line taken out", () => {
  it("brings the instance back, with the same token and all that it held", async () => {
    const token = client().token;
    await engine.instance(name, file);
    deployed = await engine.up();
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
    deployed = await engine.up();
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
    deployed = await engine.up();
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
