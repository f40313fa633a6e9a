import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { stringify } from "yaml";
import { afterAll, beforeAll, expect, it } from "vitest";
import { upExisting } from "../../local/commands/upExisting.ts";
import type { Report } from "../../local/report.ts";
import { openPulumi } from "../../local/stack/pulumi.ts";
import { engineStack, type Engine } from "./support/engine.ts";
import { https } from "./support/http.ts";
import { maintenance } from "./support/maintenance.ts";
import { destroyUnguarded } from "./support/unguarded.ts";

// Proves `npm run local -- --context … --platform …`: the test platform plays a cluster that
// exists, known only by its kubeconfig and a file of values.

const file = `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
`;
const name = "card-checks";
let engine: Engine;
let folder: string;
const before = {
  KUBECONFIG: process.env["KUBECONFIG"],
  XDG_STATE_HOME: process.env["XDG_STATE_HOME"],
};

beforeAll(async () => {
  engine = await engineStack("existing");
  await engine.instance(name, file);
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-platform-"));
  process.env["KUBECONFIG"] = engine.platform.kubeconfigPath;
  process.env["XDG_STATE_HOME"] = join(folder, "state");
});

afterAll(async () => {
  for (const [key, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
  await rm(folder, { recursive: true, force: true });
  await rm(join(engine.instancesFolder, ".."), { recursive: true, force: true });
});

/** The keys of a store that gives a bucket one user only: without those of the maintenance jobs. */
function oneUserEach(artifactStoreKeys: string): string {
  const keys = JSON.parse(artifactStoreKeys) as Record<string, { maintenance?: unknown }>;
  for (const key of Object.values(keys)) delete key.maintenance;
  return JSON.stringify(keys);
}

/**
 * Writes the values of the test platform as a user would have them: the plain ones in the file,
 * each secret in a file of its own.
 */
async function valuesFile(
  change: (environment: Record<string, unknown>) => Record<string, unknown> = (same) => same,
): Promise<string> {
  const { environment, secrets } = await engine.values();
  const { kubernetes: _, ...platform } = environment["platform"] as Record<string, unknown>;
  const secretFiles: Record<string, string> = {};
  await mkdir(join(folder, "secrets"), { recursive: true });
  for (const [key, value] of Object.entries(secrets)) {
    secretFiles[key] = join(folder, "secrets", key);
    await writeFile(secretFiles[key], key === "artifactStoreKeys" ? oneUserEach(value) : value, {
      mode: 0o600,
    });
  }
  const path = join(folder, "platform.yaml");
  await writeFile(
    path,
    stringify({ environment: change({ ...environment, platform }), secretFiles }),
  );
  return path;
}

it("deploys to a named context of the user's kubeconfig, and back to nothing", async () => {
  const said: string[] = [];
  const report: Report = {
    step: async (_title, work) => work(() => undefined),
    info: (line) => void said.push(line),
  };
  const { project } = engine.pulumi;
  const context = engine.platform.kubeContext;
  await upExisting({ context, valuesFile: await valuesFile() }, project, report);
  const url = `https://${name}.${engine.platform.domain}`;
  expect(said).toEqual([`${name}  ${url}`]);
  // The name is in nobody's DNS yet: that is the user's to arrange. The ingress knows it.
  const answer = await https(`https://${engine.platform.nodeIp}/health`, {
    caPath: engine.platform.caPath,
    servername: new URL(url).hostname,
    headers: { host: new URL(url).hostname },
  });
  expect([answer.status, answer.body]).toEqual([200, "OK"]);

  // The maintenance jobs have the server's key, and it their rights.
  const { secretsOf, objectStore } = maintenance(engine, `mlflow-${name}`);
  const [jobs, server] = [await secretsOf("retention"), await secretsOf("tracking-server")];
  expect(jobs["access-key-id"]).toBe(server["access-key-id"]);
  const store = await objectStore("retention");
  const Bucket = `mlflow-existing-${name}`;
  await store.send(new PutObjectCommand({ Bucket, Key: "artifacts/old", Body: "old" }));
  const { Versions = [] } = await store.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions.map(({ Key }) => Key)).toEqual(["artifacts/old"]);
  for (const { Key, VersionId } of Versions)
    await store.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));

  const pulumi = await openPulumi(
    engine.cli,
    project,
    join(folder, "state", "mlflow-instances", context),
  );
  await destroyUnguarded(pulumi);
});

it("says what is wrong in the file, by its path", async () => {
  const report: Report = {
    step: async (_title, work) => work(() => undefined),
    info: () => undefined,
  };
  const { project } = engine.pulumi;
  const context = engine.platform.kubeContext;
  const missing = join(folder, "no-such-file.yaml");
  await expect(upExisting({ context, valuesFile: missing }, project, report)).rejects.toThrow(
    `${missing}: cannot be read (ENOENT)`,
  );
  const bad = join(folder, "bad.yaml");
  await writeFile(
    bad,
    "environment: { platform: {} }\nsecretFiles: { tlsPrivateKey: /nowhere/key }\n",
  );
  await expect(upExisting({ context, valuesFile: bad }, project, report)).rejects.toThrow(
    `${bad}: secretFiles.tlsPrivateKey: /nowhere/key cannot be read (ENOENT)`,
  );
  const unknown = await valuesFile((environment) => ({ ...environment, colour: "red" }));
  await expect(upExisting({ context, valuesFile: unknown }, project, report)).rejects.toThrow(
    /mlflow-instances:environment\.colour: unknown key/,
  );
});
