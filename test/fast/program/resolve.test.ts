import { readFileSync } from "node:fs";
import {
  databaseName,
  defaultResources,
  instanceNamePattern,
  namespaceName,
  tierDefaults,
} from "@mlflow-instances/components/internal";
import fc from "fast-check";
import { expect, test } from "vitest";
import { instanceFileSchema, type InstanceFile } from "../../../program/instance/file.ts";
import { judge } from "../../../program/instance/problems.ts";
import { nameProblem } from "../../../program/values/naming.ts";
import { instanceJsonSchema, schemaFile } from "../../../program/schema.ts";
import { bytesOf, days, daysOf, size } from "../../../program/values/units.ts";
import { resolve } from "./instanceFiles.ts";
import { fixtureEnvironment } from "./support.ts";

interface JsonSchema {
  properties: Record<string, { description?: string }>;
  additionalProperties: boolean;
  required: string[];
}

const file = (extra: Partial<InstanceFile> = {}): InstanceFile => ({
  team: "fraud",
  owner: "a@example.com",
  description: "d",
  ...extra,
});

test("every default of a tier is filled in", () => {
  // The numbers themselves are the component's; the golden shows them.
  const standard = tierDefaults("standard");
  const resources = defaultResources(standard.workers);
  const environment = fixtureEnvironment();
  expect(resolve(environment, "shop", file())).toEqual({
    instanceName: "shop",
    environment: "local",
    team: "fraud",
    owner: "a@example.com",
    description: "d",
    tier: "standard",
    bucket: { name: "mlflow-local-shop", noncurrentVersionDays: 30 },
    host: "shop.mlflow.test",
    mlflowVersion: "3.17.2",
    logLevel: "info",
    artifactsAccess: "proxied",
    deletedExperimentRetention: "30d",
    staleRuns: { after: "24h", idle: "6h" },
    maintenance: {
      timeZone: "Etc/UTC",
      retentionSchedule: "47 2 * * *",
      staleRunsSchedule: "17 * * * *",
    },
    protect: true,
    prepareDeletion: false,
    replicas: standard.replicas,
    workers: standard.workers,
    resources,
    database: {
      name: "mlflow_shop",
      role: "mlflow_shop",
      port: 5432,
      characterType: "C.UTF-8",
      sslMode: "verify-full",
      maxConnections: 200,
      connectionLimit: 57,
    },
    temporaryStorage: standard.temporaryStorage,
    extraAllowedHosts: [],
    tokens: [],
    workloads: [],
  });
  expect(resolve(environment, "shop", file({ tier: "sandbox" }))).toMatchObject({
    protect: true,
    replicas: 1,
    workers: 1,
    deletedExperimentRetention: "7d",
  });
  expect(resolve(environment, "shop", file({ tier: "production" }))).toMatchObject({
    protect: true,
    replicas: 2,
    workers: 2,
    deletedExperimentRetention: "30d",
  });
});

test("a file's value goes before the environment's default, and that before the tier's", () => {
  const environment = fixtureEnvironment(
    (values) =>
      (values.defaults = {
        tier: "production",
        deletedExperimentRetention: "60d",
        timeZone: "Europe/Berlin",
      }),
  );
  expect(resolve(environment, "shop", file())).toMatchObject({
    tier: "production",
    deletedExperimentRetention: "60d",
    maintenance: { timeZone: "Europe/Berlin", staleRunsSchedule: "17 * * * *" },
  });
  const own = {
    timeZone: "America/New_York",
    retentionSchedule: "@daily",
    staleRunsSchedule: "*/30 * * * *",
  };
  expect(resolve(environment, "shop", file({ maintenance: own })).maintenance).toEqual(own);
  // Who only shortens `after` doesn't have to know of `idle`.
  expect(resolve(environment, "shop", file({ staleRuns: { after: "3h" } })).staleRuns).toEqual({
    after: "3h",
    idle: "3h",
  });
  expect(resolve(environment, "shop", file({ staleRuns: { after: "2d" } })).staleRuns).toEqual({
    after: "2d",
    idle: "6h",
  });
  expect(
    resolve(environment, "shop", file({ tier: "sandbox", deletedExperimentRetention: "1d" })),
  ).toMatchObject({
    tier: "sandbox",
    deletedExperimentRetention: "1d",
  });
});

test("traces have a retention only where the file or the environment declares one", () => {
  const environment = fixtureEnvironment(
    (values) => (values.defaults = { traceRetention: "365d" }),
  );
  expect(Object.keys(resolve(fixtureEnvironment(), "shop", file()))).not.toContain(
    "traceRetention",
  );
  expect(resolve(environment, "shop", file()).traceRetention).toBe("365d");
  expect(resolve(environment, "shop", file({ traceRetention: "90d" })).traceRetention).toBe("90d");
});

test("a host of its own goes before the one that follows from the name, and changes nothing else", () => {
  const usual = resolve(fixtureEnvironment(), "shop", file());
  expect(resolve(fixtureEnvironment(), "shop", file({ host: "till.mlflow.test" }))).toEqual({
    ...usual,
    host: "till.mlflow.test",
  });
});

test("memory follows the workers unless it is given", () => {
  const four = defaultResources(4);
  expect(four.memoryRequest).not.toBe(defaultResources(2).memoryRequest);
  expect(resolve(fixtureEnvironment(), "shop", file({ workers: 4 })).resources).toEqual(four);
  const memory = { request: "2Gi", limit: "3Gi" };
  expect(resolve(fixtureEnvironment(), "shop", file({ workers: 4, memory })).resources).toEqual({
    ...four,
    memoryRequest: "2Gi",
    memoryLimit: "3Gi",
  });
  expect(
    resolve(fixtureEnvironment(), "shop", file({ memory: { limit: "4Gi" } })).resources,
  ).toEqual({ ...defaultResources(2), memoryLimit: "4Gi" });
});

test("the order of tokens in the file changes nothing", () => {
  const ci = { role: "edit", expires: "2027-01-01" } as const;
  const one = resolve(fixtureEnvironment(), "shop", file({ tokens: { ci, admin: ci } }));
  const other = resolve(fixtureEnvironment(), "shop", file({ tokens: { admin: ci, ci } }));
  expect(one).toEqual(other);
  expect(one.tokens.map(({ name }) => name)).toEqual(["admin", "ci"]);
});

test("a file that is right stays right on every later day", () => {
  const environment = fixtureEnvironment();
  const day = fc
    .date({ min: new Date("2026-01-01"), max: new Date("2040-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  fc.assert(
    fc.property(day, day, day, (expires, one, other) => {
      const [earlier, later] = one < other ? [one, other] : [other, one];
      const declared = file({ tokens: { ci: { role: "read", expires } } });
      const problemsOn = (today: string) =>
        judge(environment, "shop", declared, { policies: {}, today }).problems.length;
      if (problemsOn(earlier) === 0) expect(problemsOn(later)).toBe(0);
    }),
  );
});

test("names: what passes fits every name that is derived from it", () => {
  fc.assert(
    fc.property(fc.stringMatching(instanceNamePattern), (name) => {
      expect(namespaceName(name).length).toBeLessThanOrEqual(63);
      expect(databaseName(name)).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
    }),
  );
  for (const name of [
    "fraud-detector",
    "search-ranker",
    "conveyor",
    "energy-tariff",
    "b2b-pricing",
    "area51-shop",
  ]) {
    expect(nameProblem(name, "production")).toBeUndefined();
  }
  expect(nameProblem("fraud-demo", "sandbox")).toBeUndefined();
  expect(nameProblem("fraud-demo", undefined)).toBeUndefined();
  expect(nameProblem("fraud-demo", "standard")).toBe(
    'contains "demo", which only an instance of tier sandbox may; name the product, or set the tier',
  );
});

test("units", () => {
  expect([daysOf("30d"), bytesOf("512Mi"), bytesOf("20Gi")]).toEqual([30, 536870912, 21474836480]);
  for (const wrong of ["30", "0d", "-1d", "1.5d", "30D", "1w", " 30d", "30d ", 30, null, ""])
    expect(days.safeParse(wrong).success).toBe(false);
  for (const wrong of ["20", "20G", "0Gi", "1.5Gi", "20gi", 20])
    expect(size.safeParse(wrong).success).toBe(false);
});

test("the JSON Schema for editors is current, and describes every key", () => {
  const written: unknown = JSON.parse(readFileSync(schemaFile("instance.schema.json"), "utf8"));
  expect(written, "npm run schema").toEqual(instanceJsonSchema());
  const { properties, additionalProperties, required } = instanceJsonSchema() as JsonSchema;
  expect(Object.keys(properties)).toEqual(Object.keys(instanceFileSchema.shape));
  for (const property of Object.values(properties)) expect(property.description).toMatch(/\.$/);
  expect([additionalProperties, required]).toEqual([false, ["team", "owner", "description"]]);
});
