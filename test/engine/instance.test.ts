import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logFirstRun } from "../../local/client/firstRun.ts";
import type { Deployed } from "../../local/commands/up.ts";
import { soon } from "../support/dates.ts";
import { cluster } from "./support/cluster.ts";
import { databases } from "./support/database.ts";
import { engineStack, instanceOf, nameOf, tokenOf, type Engine } from "./support/engine.ts";
import { https } from "./support/http.ts";
import { objectStore } from "./support/objectStore.ts";
import { processFacts } from "./support/processFacts.ts";
import { runPython } from "./support/python.ts";

// Proves, on a real engine and cluster with the plugins that `npm run local` uses: an instance's
// life up to its deletion (that is deletion.test.ts) and the wall between two instances. It can't
// prove the official plugins, which can't be downloaded here.

const card = (workers: number): string => `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
workers: ${workers}
replicas: 2
tokens:
  ci: { role: edit, expires: ${soon} }
  dashboard: { role: read, expires: ${soon} }
`;
const route = `
team: logistics
owner: logistics@example.com
description: Routes of the delivery vans
tier: sandbox
tokens:
  ci: { role: edit, expires: ${soon} }
`;

let engine: Engine;
let deployed: Deployed;

const client = (name: string, token = "ci") => {
  const instance = instanceOf(deployed, name);
  return {
    trackingUri: instance.trackingUri,
    token: tokenOf(instance, token),
    caPath: deployed.platform.caPath,
  };
};

beforeAll(async () => {
  engine = await engineStack("engine");
  await engine.instance("card-checks", card(1));
  await engine.instance("route-planner", route);
  deployed = await engine.up();
});

afterAll(() => engine.remove());

describe("after up", () => {
  it("shows no change in a second preview", async () => {
    expect(await engine.preview()).toEqual([]);
  });

  it("shows no drift in a refresh", async () => {
    const output = await engine.pulumi.run([
      "refresh",
      "--preview-only",
      "--expect-no-changes",
      "--stack",
      "engine",
    ]);
    expect(output).not.toMatch(/[~+-] \d+ to/);
  });

  it.each(["card-checks", "route-planner"])(
    "lets the unmodified client log a first run in %s",
    async (name) => {
      const run = await logFirstRun(deployed.python, client(name));
      expect(run).toMatchObject({
        metrics: 20,
        artifactBytes: 20 * 1024 * 1024,
        alias: "champion",
        version: "1",
      });
    },
  );

  it("started two replicas on the empty database behind one migration", async () => {
    const pods = await cluster(deployed).pods(
      "mlflow-card-checks",
      "app.kubernetes.io/component=tracking-server",
    );
    expect(pods).toHaveLength(2);
    expect(pods.map(({ restarts }) => restarts)).toEqual([0, 0]);
    expect(await cluster(deployed).migrations("mlflow-card-checks")).toEqual([
      expect.objectContaining({ succeeded: 1, failed: 0 }),
    ]);
  });
});

describe("isolation", () => {
  it("refuses another instance's token", async () => {
    const other = client("route-planner");
    const url = `${instanceOf(deployed, "card-checks").trackingUri}/api/2.0/mlflow/experiments/search?max_results=5`;
    expect((await https(url, other)).status).toBe(401);
    expect((await https(url, client("card-checks"))).status).toBe(200);
  });

  it("refuses another instance's database role", async () => {
    const [own, other] = [
      instanceOf(deployed, "card-checks"),
      instanceOf(deployed, "route-planner"),
    ];
    const login = databases(deployed);
    expect(await login.connect({ as: own, to: own })).toBe("connected");
    expect(await login.connect({ as: own, to: other })).toMatch(/permission denied for database/);
  });

  it("refuses another instance's object-store key", async () => {
    const [own, other] = [
      instanceOf(deployed, "card-checks"),
      instanceOf(deployed, "route-planner"),
    ];
    const store = objectStore(deployed, await engine.values());
    expect(await store.list({ as: own.name, bucket: own.bucket })).toBe("listed");
    expect(await store.list({ as: own.name, bucket: other.bucket })).toBe("AccessDenied");
  });

  it("lets no pod of one instance reach the other's server", async () => {
    const from = (host: string, port: number) =>
      cluster(deployed).connectFromPod("mlflow-card-checks", host, port);
    // Not its own server's service: behind that it may meet itself, which no policy forbids.
    expect(await from("mlflow.mlflow-route-planner.svc", 80)).toBe("ConnectionRefusedError");
    expect(await from(deployed.platform.nodeIp, 6443)).toBe("ConnectionRefusedError");
    // What must be open is, so that the refusals above are the policies' and not a broken network.
    expect(await from(deployed.platform.nodeIp, 5432)).toBe("connected");
    expect(await from(deployed.platform.nodeIp, 7070)).toBe("connected");
  });
});

describe("on the cluster", () => {
  it("runs the server without privileges and with a read-only root", async () => {
    const kube = cluster(deployed);
    const facts = JSON.parse(
      await kube.python("mlflow-card-checks", `${processFacts}print(json.dumps(facts))`),
    ) as Record<string, unknown>;
    expect(facts).toEqual({
      user: 10001,
      capabilities: 0,
      noNewPrivileges: "1",
      "/x": "Read-only file system",
      "/opt/mlflow/x": "Read-only file system",
      "/tmp/x": "written",
      serviceAccountToken: false,
    });
  });

  it("refuses a pod in the namespace that is not restricted", async () => {
    expect(await cluster(deployed).createUnrestrictedPod("mlflow-card-checks")).toMatch(
      /violates PodSecurity "restricted/,
    );
  });
});

describe("a changed schedule or retention", () => {
  it("updates the CronJobs in place and restarts nothing", async () => {
    await engine.instance(
      "card-checks",
      `${card(1)}deletedExperimentRetention: 14d\nmaintenance: { retentionSchedule: "@daily" }\n`,
    );
    const changed = (await engine.preview()).map(({ op, urn }) => `${op} ${nameOf(urn)}`);
    // The namespace tells the retention in an annotation.
    expect(
      changed
        .filter(
          (step) =>
            !step.includes("pulumi:pulumi:Stack") && !step.endsWith("mlflow-instances-engine"),
        )
        .sort(),
    ).toEqual([
      "update card-checks-namespace",
      "update card-checks-retention",
      "update card-checks-stale-runs",
    ]);
    deployed = await engine.up();
    const { output } = await cluster(deployed).kubectl([
      ...["get", "cronjobs", "--namespace", "mlflow-card-checks"],
      ...["-o", "jsonpath={range .items[*]}{.metadata.name} {.spec.schedule}{'\\n'}{end}"],
    ]);
    expect(output.trim().split("\n")).toEqual([
      "retention @daily",
      expect.stringMatching(/^stale-runs \d+ \* \* \* \*$/),
    ]);
    expect(await engine.preview()).toEqual([]);
  });
});

describe("a changed value", () => {
  it("updates the Deployment in place and keeps what was logged", async () => {
    await engine.instance("card-checks", card(2));
    const steps = await engine.preview();
    const changed = steps.map(({ op, urn }) => `${op} ${nameOf(urn)}`);
    expect(
      changed.filter(
        (step) => !step.startsWith("update ") && !step.includes("pulumi:pulumi:Stack"),
      ),
    ).toEqual([]);
    expect(changed).toContain("update card-checks-server");
    expect(changed.filter((step) => step.includes("route-planner"))).toEqual([]);
    deployed = await engine.up();
    const { code, output } = await runPython(
      deployed.python,
      "import mlflow; print([m.name for m in mlflow.MlflowClient().search_registered_models()])",
      client("card-checks"),
    );
    expect({ code, output: output.trim() }).toEqual({ code: 0, output: "['first-model']" });
    expect(await engine.preview()).toEqual([]);
  });
});
