import { describe, expect, it } from "vitest";
import {
  goodSchedules,
  goodTimeZones,
  refusedSchedules,
  refusedTimeZones,
  uselessSchedules,
} from "../support/schedules.ts";
import { database } from "./maintenanceAccess/database.ts";
import { objectStore } from "./maintenanceAccess/objectStore.ts";
import {
  deployed,
  engine,
  instance,
  jobs,
  jobsOf,
  other,
  own,
  setScene,
} from "./maintenanceAccess/scene.ts";
import { cluster } from "./support/cluster.ts";
import { processFacts } from "./support/processFacts.ts";

// Proves, with the credentials that the jobs' pods have, what the maintenance jobs may do and what
// they may not: in the database, in the bucket, on the network. What they make of it is the
// business of their own tests.

setScene();

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

database();
objectStore();

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
