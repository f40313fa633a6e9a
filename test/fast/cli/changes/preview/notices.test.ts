import { describe, expect, it } from "vitest";
import { changesOf } from "../../../../../cli/changes/preview/changes.ts";
import type { BeforeAndAfter, InstanceFacts } from "../../../../../cli/changes/preview/facts.ts";
import { noticesOf } from "../../../../../cli/changes/preview/notices.ts";
import { findOwners } from "../../../../../cli/changes/preview/owners.ts";
import { component, reportFrom, step } from "./support.ts";

const capacity = {
  replicas: 1,
  cpuMilli: 0,
  memoryBytes: 0,
  temporaryBytes: 0,
  connections: 0,
  databases: 1,
  storageClasses: [],
};
const facts = (more: Partial<InstanceFacts> = {}): InstanceFacts => ({
  deletionPrepared: false,
  urls: ["https://a.example.com"],
  exposedBy: ["the ingress class traefik"],
  tokens: {},
  version: "3.17.2",
  retention: "30d",
  capacity,
  ...more,
});
const token = { generation: 1, previousValidUntil: "" };
const sides = (
  before: Partial<InstanceFacts> | undefined,
  after: Partial<InstanceFacts> | undefined,
): BeforeAndAfter => ({
  before: before && facts(before),
  after: after && facts(after),
});

interface Deployment {
  readonly replicas?: number;
  readonly strategy?: object;
  readonly template?: object;
}

/** What is said about a change of the Deployment alone. */
function ofDeployment(
  before: Deployment,
  after: Deployment,
  paths: readonly string[],
  op: "update" | "replace" = "update",
): string[] {
  const rolling = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
  const manifest = ({ replicas = 1, strategy = rolling, template = {} }: Deployment) => ({
    inputs: { spec: { replicas, strategy, template: { spec: template } } },
  });
  const detailedDiff = Object.fromEntries(
    paths.map((path) => [path, { diffKind: "update", inputDiff: false }]),
  ) as never;
  const steps = [
    component("a"),
    step(op, "kubernetes:apps/v1:Deployment", "a-server", {
      instance: "a",
      detailedDiff,
      old: manifest(before),
      new: manifest(after),
    }),
  ];
  return noticesOf(sides({}, {}), changesOf(steps, findOwners(steps)));
}

describe("what users notice", () => {
  it.each([
    ["retention", ["Deleted experiments and runs can be restored for 10 days (was 30 days)"]],
    [
      "token",
      [
        "New token `reports` (read, until 2027-06-30); its value: `pulumi stack output tokens --show-secrets`",
      ],
    ],
    [
      "tokenRemoved",
      [
        "Token `ci` ends on 2027-03-31 (was 2027-10-31)",
        "Token `dashboard` ends with the update: a client that uses it gets 401",
      ],
    ],
    [
      "new",
      [
        "New: https://demand-forecast.mlflow.test with MLflow 3.17.2",
        "New tokens: `ci` (edit, until 2027-10-31); their values: `pulumi stack output tokens --show-secrets`",
      ],
    ],
    [
      "tier",
      [
        "The server restarts without downtime: a new pod is ready before an old one goes (2 replicas); a request under way has 60 s to end",
        "1 → 2 replicas",
        "Deleted experiments and runs can be restored for 30 days (was 7 days)",
      ],
    ],
    [
      "prepared",
      [
        "The server stops: https://credit-risk.mlflow.test no longer answers. A last database dump goes into the bucket; taking the line `delete:` out again brings the instance back as it was",
      ],
    ],
  ])("of %s", async (name, notices) =>
    expect((await reportFrom(name)).instances.map((each) => each.notices)).toEqual([notices]),
  );

  const template = ["spec.template.metadata.labels.tier"];
  it("has no downtime with one replica either, because a new pod comes first", () => {
    expect(ofDeployment({}, {}, template)).toEqual([
      "The server restarts without downtime: a new pod is ready before an old one goes (1 replica); a request under way has 30 s to end",
    ]);
  });

  it("tells the time that the server gives to requests, not the pod's", () => {
    const env = [{ name: "MLFLOW_INSTANCE_GRACE_SECONDS", value: "50" }];
    const server = { env, lifecycle: { preStop: { sleep: { seconds: 5 } } } };
    const spec = { template: { terminationGracePeriodSeconds: 60, containers: [server] } };
    expect(ofDeployment(spec, spec, template)).toEqual([
      expect.stringMatching(/a request under way has 55 s to end$/),
    ]);
  });

  it.each([
    ["Recreate", { type: "Recreate" }, 2, /with downtime: all of its pods end/],
    [
      "all may be missing",
      { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      1,
      /with downtime: no pod has to stay/,
    ],
    [
      "some may be missing",
      { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      3,
      /without downtime: 1 of 3 pods may be missing/,
    ],
    ["the default of 25% is none of one pod", {}, 1, /without downtime: a new pod is ready/],
    [
      "50% of 4",
      { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "50%" } },
      4,
      /without downtime: 2 of 4 pods may be missing/,
    ],
  ])("follows the Deployment's strategy: %s", (_what, strategy, replicas, text) => {
    expect(ofDeployment({ strategy, replicas }, { strategy, replicas }, template)).toEqual([
      expect.stringMatching(text),
    ]);
  });

  it("tells scaling from a restart", () => {
    expect(ofDeployment({ replicas: 1 }, { replicas: 3 }, ["spec.replicas"])).toEqual([
      "1 → 3 replicas, without a restart",
    ]);
    expect(ofDeployment({ replicas: 1 }, { replicas: 0 }, ["spec.replicas"])).toEqual([
      "The server stops: no replica is left",
    ]);
    expect(ofDeployment({ replicas: 0 }, { replicas: 2 }, ["spec.replicas"])).toEqual([
      "The server starts again",
    ]);
    expect(ofDeployment({}, {}, ["metadata.labels.tier"])).toEqual([]);
    expect(ofDeployment({}, {}, template, "replace")).toEqual([
      "The server restarts with downtime: its Deployment is replaced",
    ]);
  });

  it("says when uploads have less room", () => {
    const volume = (sizeLimit: string) => ({
      template: { volumes: [{ name: "tmp", emptyDir: { sizeLimit } }] },
    });
    expect(
      ofDeployment(volume("20Gi"), volume("5Gi"), [
        "spec.template.spec.volumes[0].emptyDir.sizeLimit",
      ]),
    ).toContain("Uploads under way in a pod have 5 GiB and no longer 20 GiB in all");
    expect(
      ofDeployment(volume("5Gi"), volume("20Gi"), [
        "spec.template.spec.volumes[0].emptyDir.sizeLimit",
      ]),
    ).toHaveLength(1);
  });

  it.each<
    [string, Partial<InstanceFacts> | undefined, Partial<InstanceFacts> | undefined, string[]]
  >([
    ["nothing", {}, {}, []],
    ["an end", {}, undefined, ["https://a.example.com no longer answers, and all tokens end"]],
    [
      "another address",
      {},
      { urls: ["https://b.example.com"] },
      [
        "The address changes from https://a.example.com to https://b.example.com: clients must use the new one",
      ],
    ],
    [
      "the same address at a Gateway",
      {},
      { exposedBy: ["the Gateway gateways/public"] },
      [
        "The address stays, served by the Gateway gateways/public instead of the ingress class traefik: no interruption if one controller serves both, otherwise 404 until the DNS record points to the new one (docs/gateway-api.md)",
      ],
    ],
    ["no address", {}, { urls: [] }, ["https://a.example.com no longer answers"]],
    ["traces that go", {}, { traceRetention: "180d" }, ["Traces are removed after 180 days"]],
    [
      "traces that stay again",
      { traceRetention: "90d" },
      {},
      ["Traces stay from now on (was 90 days)"],
    ],
    [
      "another age of traces",
      { traceRetention: "90d" },
      { traceRetention: "180d" },
      ["Traces are removed after 180 days (was 90 days)"],
    ],
    [
      "another version",
      {},
      { version: "3.18.0" },
      [
        "MLflow 3.17.2 → 3.18.0; the database's schema is brought to it first, while the old pods serve",
      ],
    ],
    [
      "a deletion taken back",
      { deletionPrepared: true, urls: [] },
      {},
      ["The instance comes back: https://a.example.com answers again"],
    ],
    [
      "a token with other rights",
      { tokens: { ci: { ...token, role: "read", expires: "2027-01-01" } } },
      { tokens: { ci: { ...token, role: "admin", expires: "2027-02-01" } } },
      ["Token `ci`: role `read` → `admin`", "Token `ci` ends on 2027-02-01 (was 2027-01-01)"],
    ],
    [
      "a token's next value, with the one before for a while",
      { tokens: { ci: { ...token, role: "edit", expires: "2027-01-01" } } },
      {
        tokens: {
          ci: {
            role: "edit",
            expires: "2027-06-01",
            generation: 2,
            previousValidUntil: "2026-12-20",
          },
        },
      },
      [
        "Token `ci` gets value 2, until 2027-06-01: `pulumi stack output tokens --show-secrets`. Who has the value before needs the new one by 2026-12-20; until then both work",
      ],
    ],
    [
      "a token's next value alone",
      { tokens: { ci: { ...token, role: "edit", expires: "2027-01-01" } } },
      { tokens: { ci: { ...token, role: "edit", expires: "2027-01-01", generation: 2 } } },
      [
        "Token `ci` gets value 2, until 2027-01-01: `pulumi stack output tokens --show-secrets`. Clients with the value before get 401",
      ],
    ],
    [
      "tokens that are not known",
      { tokens: undefined },
      { tokens: { ci: { ...token, role: "read", expires: "2027-01-01" } } },
      [],
    ],
  ])("says %s", (_what, before, after, notices) =>
    expect(noticesOf(sides(before, after), [])).toEqual(notices),
  );
});
