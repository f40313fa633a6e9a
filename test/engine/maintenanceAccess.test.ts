import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Deployed } from "../../local/commands/up.ts";
import type { InstanceOutput } from "../../local/stack/outputs.ts";
import {
  goodSchedules,
  goodTimeZones,
  refusedSchedules,
  refusedTimeZones,
  uselessSchedules,
} from "../support/schedules.ts";
import { cluster } from "./support/cluster.ts";
import { engineStack, instanceOf, type Engine } from "./support/engine.ts";
import { maintenance, type MaintenanceJob } from "./support/maintenance.ts";
import { processFacts } from "./support/processFacts.ts";

// Proves, with the credentials that the jobs' pods have, what the maintenance jobs may do and what
// they may not: in the database, in the bucket, on the network. What they make of it is the
// business of their own tests.

const file = (team: string, more = ""): string => `
team: ${team}
owner: ${team}@example.com
description: Something of team ${team}
tier: sandbox
${more}
`;
const own = "card-checks";
const other = "route-planner";
const jobs: MaintenanceJob[] = ["retention", "stale-runs"];

let engine: Engine;
let deployed: Deployed;
let instance: InstanceOutput;
const jobsOf = (name: string) => maintenance(deployed, instanceOf(deployed, name).namespace);

beforeAll(async () => {
  engine = await engineStack("upkeep");
  await engine.instance(
    own,
    file(
      "payments",
      'staleRuns: { after: 2d }\nmaintenance: { timeZone: Europe/Berlin, staleRunsSchedule: "@yearly" }',
    ),
  );
  await engine.instance(other, file("logistics"));
  deployed = await engine.up();
  instance = instanceOf(deployed, own);
});

afterAll(() => engine.remove());

interface CronJob {
  metadata: { name: string };
  spec: { schedule: string; timeZone: string; concurrencyPolicy: string; suspend: boolean };
}

describe("the CronJobs", () => {
  it("are there as declared", async () => {
    const { output } = await cluster(deployed).kubectl([
      "get",
      "cronjobs",
      "--namespace",
      instance.namespace,
      "-o",
      "json",
    ]);
    const { items } = JSON.parse(output) as { items: CronJob[] };
    expect(
      items.map(({ metadata, spec }) => [
        metadata.name,
        spec.schedule,
        spec.timeZone,
        spec.concurrencyPolicy,
        spec.suspend,
      ]),
    ).toEqual([
      [
        "retention",
        expect.stringMatching(/^\d+ [1-4] \* \* \*$/),
        "Europe/Berlin",
        "Forbid",
        false,
      ],
      ["stale-runs", "@yearly", "Europe/Berlin", "Forbid", false],
    ]);
  });

  it("show no change in a second preview and no drift in a refresh", async () => {
    expect(await engine.preview()).toEqual([]);
    const output = await engine.pulumi.run([
      "refresh",
      "--preview-only",
      "--expect-no-changes",
      "--stack",
      "upkeep",
    ]);
    expect(output).not.toMatch(/[~+-] \d+ to/);
  });

  it("have schedules and time zones that the API server takes exactly when our own check says so", async () => {
    const answer = async (schedule: string, timeZone: string): Promise<string> => {
      const pod = { restartPolicy: "Never", containers: [{ name: "c", image: "localhost/none" }] };
      const manifest = {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: { name: "asked", namespace: "default" },
        spec: { schedule, timeZone, jobTemplate: { spec: { template: { spec: pod } } } },
      };
      const { code, output } = await cluster(deployed).kubectl(
        ["create", "--dry-run=server", "-f", "-"],
        JSON.stringify(manifest),
      );
      return code === 0 ? "taken" : output;
    };
    for (const schedule of [...goodSchedules, ...uselessSchedules.map(([text]) => text)]) {
      expect(await answer(schedule, "Etc/UTC"), schedule).toBe("taken");
    }
    for (const [schedule] of refusedSchedules)
      expect(await answer(schedule, "Etc/UTC"), schedule).toMatch(
        /spec\.schedule: (Invalid|Required) value/,
      );
    for (const timeZone of goodTimeZones)
      expect(await answer("@daily", timeZone), timeZone).toBe("taken");
    for (const [timeZone] of refusedTimeZones)
      expect(await answer("@daily", timeZone), timeZone).toMatch(/spec\.timeZone: Invalid value/);
  });
});

describe.each(jobs)("the database role of %s", (job) => {
  let client: pg.Client;
  beforeAll(async () => {
    client = await jobsOf(own).connect(job);
  });
  afterAll(() => client.end());

  const refusal = (sql: string): Promise<string> =>
    client.query(sql).then(
      () => "done",
      (error: unknown) => (error as Error).message,
    );

  it("reads what its work needs, but no values that were logged", async () => {
    expect(await refusal("SELECT run_uuid, lifecycle_stage, status FROM runs")).toBe("done");
    expect(await refusal("SELECT value FROM params")).toMatch(
      /^permission denied for table params/,
    );
    expect(await refusal("SELECT value FROM metrics")).toMatch(
      /^permission denied for table metrics/,
    );
    expect(await refusal("SELECT * FROM webhooks")).toMatch(
      /^permission denied for table webhooks/,
    );
    expect(await refusal("SELECT * FROM secrets")).toMatch(/^permission denied for table secrets/);
  });

  it("changes no table, makes none and empties none", async () => {
    expect(await refusal("ALTER TABLE runs ADD COLUMN x int")).toMatch(
      /^must be owner of table runs/,
    );
    expect(await refusal("DROP TABLE runs")).toMatch(/^must be owner of table runs/);
    expect(await refusal("CREATE INDEX x ON runs (name)")).toMatch(/^must be owner of table runs/);
    expect(await refusal("TRUNCATE runs CASCADE")).toMatch(/^permission denied for table/);
    expect(await refusal("CREATE TABLE x (y int)")).toMatch(/^permission denied for schema public/);
    expect(await refusal("CREATE TEMPORARY TABLE x (y int)")).toMatch(
      /^permission denied to create temporary tables in database/,
    );
    expect(await refusal("CREATE SCHEMA x")).toMatch(/^permission denied for database/);
    expect(await refusal("CREATE ROLE x")).toMatch(/^permission denied to create role/);
    expect(await refusal("CREATE DATABASE x")).toMatch(/^permission denied to create database/);
    expect(await refusal(`SET ROLE ${instance.database}`)).toMatch(
      /^permission denied to set role/,
    );
    expect(await refusal("SELECT pg_read_file('/etc/passwd')")).toMatch(
      /^permission denied for function/,
    );
  });

  it("connects to no other instance's database, neither as itself nor as that instance's job", async () => {
    const foreign = instanceOf(deployed, other);
    await expect(jobsOf(own).connect(job, foreign.database)).rejects.toThrow(
      /permission denied for database/,
    );
    await expect(jobsOf(other).connect(job, instance.database)).rejects.toThrow(
      /permission denied for database/,
    );
    // What must be open is, so that the refusals above are the database's.
    await (await jobsOf(other).connect(job)).end();
  });

  it("holds no more connections than the arithmetic of the server counts", async () => {
    const limit = { retention: 4, "stale-runs": 2 }[job];
    const held: pg.Client[] = [];
    try {
      // One is open already.
      while (held.length < limit - 1) held.push(await jobsOf(own).connect(job));
      await expect(jobsOf(own).connect(job)).rejects.toThrow(/too many connections for role/);
    } finally {
      await Promise.all(held.map((connection) => connection.end()));
    }
  });
});

describe("what each role may change", () => {
  const change = async (job: MaintenanceJob, sql: string): Promise<string> => {
    const client = await jobsOf(own).connect(job);
    try {
      await client.query("BEGIN");
      await client.query(sql);
      return "done";
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.query("ROLLBACK");
      await client.end();
    }
  };

  it("is for stale runs a run's end, and for retention what it removes", async () => {
    const nothing = "WHERE run_uuid = 'none'";
    expect(
      await change("stale-runs", `UPDATE runs SET status = 'FAILED', end_time = 1 ${nothing}`),
    ).toBe("done");
    expect(
      await change("stale-runs", `UPDATE runs SET lifecycle_stage = 'deleted' ${nothing}`),
    ).toMatch(/^permission denied/);
    expect(await change("stale-runs", `DELETE FROM runs ${nothing}`)).toMatch(/^permission denied/);
    expect(await change("retention", `DELETE FROM runs ${nothing}`)).toBe("done");
    expect(await change("retention", `UPDATE runs SET status = 'FAILED' ${nothing}`)).toMatch(
      /^permission denied/,
    );
    expect(await change("retention", "DELETE FROM model_versions WHERE name = 'none'")).toMatch(
      /^permission denied/,
    );
    expect(await change("retention", "DELETE FROM registered_models WHERE name = 'none'")).toMatch(
      /^permission denied/,
    );
  });
});

describe.each(jobs)("the object store key of %s", (job) => {
  const artifact = "artifacts/0/secret/artifacts/data.txt";
  let store: S3Client;
  let server: S3Client;
  const named = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "done",
      (error: unknown) =>
        String(
          (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? error,
        ),
    );

  beforeAll(async () => {
    store = await jobsOf(own).objectStore(job);
    server = await jobsOf(own).serverObjectStore();
    await server.send(
      new PutObjectCommand({ Bucket: instance.bucket, Key: artifact, Body: "confidential" }),
    );
  });

  it("reads no artifact, and writes none", async () => {
    const target = { Bucket: instance.bucket, Key: artifact };
    expect(await named(store.send(new ListObjectsV2Command({ Bucket: instance.bucket })))).toBe(
      "done",
    );
    expect(await named(store.send(new GetObjectCommand(target)))).toBe("403");
    expect(await named(store.send(new HeadObjectCommand(target)))).toBe("403");
    expect(await named(store.send(new PutObjectCommand({ ...target, Body: "forged" })))).toBe(
      "403",
    );
    const versioning = {
      Bucket: instance.bucket,
      VersioningConfiguration: { Status: "Suspended" },
    } as const;
    expect(await named(store.send(new PutBucketVersioningCommand(versioning)))).toBe("403");
  });

  it("writes and reads its own reports", async () => {
    const report = { Bucket: instance.bucket, Key: `maintenance/${job}/test/report.json` };
    expect(await named(store.send(new PutObjectCommand({ ...report, Body: "{}" })))).toBe("done");
    expect(await named(store.send(new GetObjectCommand(report)))).toBe("done");
  });

  it("removes an object and then its versions, which the server's own key can't", async () => {
    expect(
      await named(store.send(new DeleteObjectCommand({ Bucket: instance.bucket, Key: artifact }))),
    ).toBe("done");
    const { Versions = [], DeleteMarkers = [] } = await store.send(
      new ListObjectVersionsCommand({ Bucket: instance.bucket, Prefix: artifact }),
    );
    const left = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({
      Bucket: instance.bucket,
      Key,
      VersionId,
    }));
    expect(left.length).toBeGreaterThanOrEqual(2);
    for (const version of left)
      expect(await named(server.send(new DeleteObjectCommand(version)))).toBe("403");
    for (const version of left)
      expect(await named(store.send(new DeleteObjectCommand(version)))).toBe("done");
  });

  it("sees and removes nothing of another instance's bucket", async () => {
    const Bucket = instanceOf(deployed, other).bucket;
    expect(await named(store.send(new ListObjectsV2Command({ Bucket })))).toBe("403");
    expect(await named(store.send(new ListObjectVersionsCommand({ Bucket })))).toBe("403");
    expect(await named(store.send(new DeleteObjectCommand({ Bucket, Key: artifact })))).toBe("403");
    expect(
      await named(store.send(new GetObjectCommand({ Bucket, Key: "maintenance/retention/x" }))),
    ).toBe("403");
  });
});

const podFacts = (platform: string): string => `${processFacts}
import socket
def connect(host, port):
    try:
        socket.create_connection((host, port), 4).close()
        return "connected"
    except OSError as error:
        return type(error).__name__
print(json.dumps({
    **facts,
    "tokens": os.path.exists("/etc/mlflow-instance/tokens"),
    "database": connect("${platform}", 5432),
    "object store": connect("${platform}", 7070),
    "API server": connect("${platform}", 6443),
    "own server": connect("mlflow.mlflow-${own}.svc", 80),
    "other server": connect("mlflow.mlflow-${other}.svc", 80),
    "settings": {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_INSTANCE_STALE_RUNS")},
}))
`;

describe.each(jobs)("a pod of %s", (job) => {
  it("has no privileges, writes to /tmp only, and reaches database and object store only", async () => {
    const facts = JSON.parse(
      await jobsOf(own).python(job, podFacts(deployed.platform.nodeIp)),
    ) as unknown;
    expect(facts).toEqual({
      user: 10001,
      capabilities: 0,
      noNewPrivileges: "1",
      "/x": "Read-only file system",
      "/opt/mlflow/x": "Read-only file system",
      "/tmp/x": "written",
      serviceAccountToken: false,
      tokens: false,
      database: "connected",
      "object store": "connected",
      "API server": "ConnectionRefusedError",
      "own server": "ConnectionRefusedError",
      "other server": "ConnectionRefusedError",
      settings: { MLFLOW_INSTANCE_STALE_RUNS_AFTER: "2d", MLFLOW_INSTANCE_STALE_RUNS_IDLE: "6h" },
    });
  });
});

it("no credential of the jobs lies in a manifest or in the state", async () => {
  const manifests = await cluster(deployed).manifestsWithoutSecrets(instance.namespace);
  const state = await engine.pulumi.run(["stack", "export", "--stack", "upkeep"]);
  // Otherwise the search below would find nothing because nothing was printed.
  for (const text of [manifests, state]) expect(text).toContain("mlflow-instance-retention");
  for (const job of jobs) {
    const { "backend-store-uri": uri = "", "secret-access-key": key = "" } =
      await jobsOf(own).secretsOf(job);
    const password = new URL(uri).password;
    expect([password.length, key.length > 20]).toEqual([32, true]);
    for (const secret of [password, key]) {
      expect(manifests).not.toContain(secret);
      expect(state).not.toContain(secret);
      for (const text of [manifests, state])
        expect(text).not.toContain(Buffer.from(secret).toString("base64"));
    }
  }
});
