import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll } from "vitest";
import { logFirstRun, type FirstRun } from "../../../local/client/firstRun.ts";
import type { Deployed } from "../../../local/commands/up.ts";
import { PulumiError } from "../../../local/stack/pulumi.ts";
import { soon } from "../../support/dates.ts";
import { cluster } from "../support/cluster.ts";
import { databases } from "../support/database.ts";
import { engineStack, instanceOf, nameOf, tokenOf, type Engine } from "../support/engine.ts";
import { objectStore } from "../support/objectStore.ts";
import { runPython } from "../support/python.ts";

// The two instances of ../deletion.test.ts, and what is left of the one that is deleted.

export const name = "card-checks";
export const other = "route-planner";
export const file = `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
tokens:
  ci: { role: edit, expires: ${soon} }
`;
const stack = ["--stack", "deletion"];
export let engine: Engine;
export let deployed: Deployed;
let run: FirstRun;

/** An update; what the tests look at is what it deployed. */
export async function up(): Promise<void> {
  deployed = await engine.up();
}

/** Deploys both, with data in the one that is deleted. */
export function setScene(): void {
  beforeAll(async () => {
    engine = await engineStack("deletion");
    await engine.instance(name, file);
    await engine.instance(other, file);
    deployed = await engine.up();
    run = await logFirstRun(deployed.python, client(), { mebibytes: 1 });
  });

  afterAll(() => engine.remove());
}

export const client = (instance = name) => {
  const { trackingUri, ...rest } = instanceOf(deployed, instance);
  return {
    trackingUri,
    token: tokenOf({ trackingUri, ...rest }, "ci"),
    caPath: deployed.platform.caPath,
  };
};

/** What the CLI printed of a command that must fail. */
export async function failed(...args: string[]): Promise<string> {
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

export async function resources(): Promise<Resource[]> {
  const text = await engine.pulumi.run(["stack", "export", ...stack]);
  // A secret is encrypted anew whenever the state is written.
  const state = JSON.parse(text.replaceAll(/"ciphertext": "[^"]*"/g, '"ciphertext": ""')) as {
    deployment: { resources: Resource[] };
  };
  return state.deployment.resources;
}

/** Names of the resources that are protected and would be kept. */
export const guarded = async (): Promise<string[]> =>
  (await resources()).flatMap(({ urn, protect, retainOnDelete }) =>
    protect === true && retainOnDelete === true ? [nameOf(urn)] : [],
  );

export const dataHolders = (instance: string): string[] =>
  ["bucket", "database", "database-role", "retention-role", "stale-runs-role"].map(
    (noun) => `${instance}-${noun}`,
  );

/** Rows of every table. */
export async function rows(): Promise<Record<string, number>> {
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

export async function keys(prefix = ""): Promise<string[]> {
  const root = await objectStore(deployed, await engine.values()).root();
  const { Contents = [] } = await root.send(
    new ListObjectsV2Command({ Bucket: instanceOf(deployed, name).bucket, Prefix: prefix }),
  );
  return Contents.map(({ Key = "" }) => Key);
}

interface Table {
  name: string;
  rows: number;
  file: string;
}

interface Manifest {
  instance: string;
  tables: Table[];
  /** This project's own tables. */
  records: Table[];
}

/** The manifests of all finished dumps, with their folders. */
export async function dumps(): Promise<{ folder: string; manifest: Manifest }[]> {
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
export async function objects(kind: string): Promise<string[]> {
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

/**
 * Reads what was logged at the beginning, through an instance's URL; prints the version of the
 * registered model.
 */
export function readBack(instance: string): Promise<{ code: number; output: string }> {
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
export async function logins(): Promise<string[]> {
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
