import { instanceProblems } from "@mlflow-instances/components/internal";
import { expect, test } from "vitest";
import { instanceFileSchema, type InstanceFile } from "../../../program/instance/file.ts";
import { readInstances } from "../../../program/instance/load.ts";
import { inTermsOfTheFile, placed } from "../../../program/instance/places.ts";
import { toArgs } from "../../../program/instance/toArgs.ts";
import { nothingGiven } from "../../../program/platforms/given.ts";
import { good, resolve } from "./instanceFiles.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

// No value of it is a default, so that one which got lost on its way shows.
const tokens = { ci: { role: "edit", expires: "2027-01-01" } } as const;
const workloads = {
  train: { issuer: "gitlab", role: "edit", match: { project_path: "fraud/train" } },
} as const;
const whole: InstanceFile = {
  team: "fraud",
  owner: "a@example.com",
  description: "d",
  host: "till.mlflow.test",
  tier: "production",
  costCenter: "4711",
  deletedExperimentRetention: "61d",
  traceRetention: "97d",
  audit: { retention: "365d" },
  staleRuns: { after: "3d", idle: "7h" },
  maintenance: {
    timeZone: "Europe/Berlin",
    retentionSchedule: "1 2 * * *",
    staleRunsSchedule: "3 * * * *",
  },
  replicas: 3,
  workers: 3,
  cpu: "777m",
  memory: { request: "777Mi", limit: "999Mi" },
  databaseConnections: 77,
  extraAllowedHosts: ["localhost:1"],
  logLevel: "debug",
  temporaryStorage: "7Gi",
  tokens,
  workloads,
  delete: "shop",
};

test("each key of a file comes out of the component as it went in, under the file's name for it", () => {
  expect(Object.keys(whole).sort()).toEqual(Object.keys(instanceFileSchema.shape).sort());
  expect(inTermsOfTheFile(resolve(fixtureEnvironment(), "shop", whole))).toEqual({
    ...whole,
    tokens: [{ name: "ci", ...tokens.ci }],
    workloads: [{ name: "train", ...workloads.train }],
    delete: true,
  });
});

test.each([
  ["resources.memoryLimit", "file", ["memory", "limit"]],
  ["database.connectionLimit", "file", ["databaseConnections"]],
  ["auditRetention", "file", ["audit", "retention"]],
  ["extraAllowedHosts[0]", "file", ["extraAllowedHosts", 0]],
  ["tokens[0].expires", "file", ["tokens", "ci", "expires"]],
  ["workloads[0].match.project_path", "file", ["workloads", "train", "match", "project_path"]],
  ["bucket.name", "file", []],
  ["platform.ingress.className", "platform", ["platform", "ingress", "className"]],
  ["platform.network.databaseCidrs[0]", "platform", ["platform", "network"]],
  ["bucketCredentials", "platform", ["platform"]],
  ["platform.objectStore.versioning", "platform", ["platform", "objectStore"]],
  ["platform.objectStore.endpoint", "platform", ["platform", "objectStore", "endpoint"]],
])("a problem at %s stands in the %s at %j", (propertyPath, of, path) => {
  const args = toArgs(fixtureEnvironment(), "shop", whole, nothingGiven);
  const { platform } = fixtureEnvironment();
  expect(placed({ propertyPath, reason: "must be another" }, args, platform)).toMatchObject({
    of,
    problem: { path },
  });
});

test("what the component can't take of an environment is said once, of the environment", () => {
  const environment = fixtureEnvironment(({ platform }) => (platform.mlflowVersion = "3.16.0"));
  expect(
    instanceProblems(toArgs(environment, "shop", { ...whole }, nothingGiven)).map(
      ({ propertyPath }) => propertyPath,
    ),
  ).toContain("platform.mlflowVersion");
  const root = folderWith({ "shop.yaml": good, "cart.yaml": good });
  const loaded = readInstances(environment, root, { stack: "local", today: "2026-11-22", root });
  expect([loaded.errors, loaded.ofEnvironment]).toEqual([
    [],
    [
      {
        path: ["environment", "platform", "mlflowVersion"],
        message:
          'gives an instance what it can\'t take: is "3.16.0", but must be a version such as 3.17.2 and at least 3.17.0',
      },
    ],
  ]);
});
