import { describe, expect, test } from "vitest";
import { MlflowInstance } from "@mlflow-instances/components";
import {
  instanceArgs,
  instanceProviders,
  instanceTypes,
  newInstance,
} from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

const providerOf: Record<string, string> = {
  kubernetes: "the-cluster",
  aws: "the-object-store",
  postgresql: "the-database-server",
  random: "the-random",
};
const dataHolders = [
  "fraud-detector-bucket",
  "fraud-detector-database",
  "fraud-detector-database-role",
  // As long as a database is kept that grants them something, PostgreSQL would not drop them.
  "fraud-detector-retention-role",
  "fraud-detector-stale-runs-role",
];

test("every child has the explicit provider of its package and the instance as its parent", async () => {
  const { registrations } = await runWithMocks(instanceTypes, () =>
    newInstance(instanceArgs({ replicas: 2 })),
  );
  const children = registrations.filter(({ custom }) => custom);
  expect(children.length).toBe(38);
  for (const { type, name, provider, parent } of children) {
    expect(provider, name).toContain(`::${providerOf[type.split(":")[0] ?? ""]}::`);
    expect(parent, name).toMatch(/::mlflow-instances:index:MlflowInstance::fraud-detector$/);
  }
});

describe("data holders", () => {
  test.each(["sandbox", "standard", "production"] as const)(
    "are protected and retained in tier %s, and nothing else is",
    async (tier) => {
      const { registrations } = await runWithMocks(instanceTypes, () =>
        newInstance(instanceArgs({ tier })),
      );
      expect(
        registrations
          .filter(({ protect }) => protect)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(dataHolders);
      expect(
        registrations
          .filter(({ retainOnDelete }) => retainOnDelete)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(dataHolders);
      expect(
        registrations.find(({ name }) => name === "fraud-detector-bucket")?.inputs.forceDestroy,
      ).toBe(false);
    },
  );

  test("are neither when the instance is not protected", async () => {
    const { registrations } = await runWithMocks(instanceTypes, () =>
      newInstance(instanceArgs({ protect: false })),
    );
    expect(
      registrations.filter(({ protect, retainOnDelete }) => protect || retainOnDelete),
    ).toEqual([]);
  });

  test("keep the protection that the caller asked for", async () => {
    const { one } = await runWithMocks(instanceTypes, () =>
      newInstance(instanceArgs({ protect: false }), { protect: true }),
    );
    for (const name of dataHolders) expect(one(name).protect, name).toBe(true);
  });
});

test("the migration waits for its fences and the server for the migration", async () => {
  const { one } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const waitsFor = (name: string) => one(name).dependencies.map((urn) => urn.split("::").at(-1));
  expect(waitsFor("fraud-detector-migration")).toEqual(
    expect.arrayContaining([
      "fraud-detector-default-deny",
      "fraud-detector-migration-network",
      "fraud-detector-quota",
      "fraud-detector-service-account",
      "fraud-detector-database-no-public",
      "fraud-detector-credentials",
      "fraud-detector-ca-bundle",
    ]),
  );
  expect(waitsFor("fraud-detector-server")).toEqual(
    expect.arrayContaining([
      "fraud-detector-migration",
      "fraud-detector-token-hashes",
      "fraud-detector-bucket-policy",
      "fraud-detector-bucket-versioning",
    ]),
  );
});

test("the maintenance jobs wait for the migration, which waits for their way into the database, and for the bucket", async () => {
  const { one } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const waitsFor = (name: string) => one(name).dependencies.map((urn) => urn.split("::").at(-1));
  for (const job of ["retention", "stale-runs"]) {
    expect(waitsFor(`fraud-detector-${job}`)).toEqual(
      expect.arrayContaining([
        "fraud-detector-migration",
        "fraud-detector-bucket-policy",
        "fraud-detector-bucket-versioning",
        `fraud-detector-${job}-account`,
        `fraud-detector-${job}-credentials`,
        "fraud-detector-ca-bundle",
      ]),
    );
    expect(waitsFor("fraud-detector-migration")).toContain(`fraud-detector-${job}-connect`);
    // Whoever waits is destroyed first: a role that has rights in a database can't be dropped
    // before it.
    expect(waitsFor("fraud-detector-database")).toContain(`fraud-detector-${job}-role`);
  }
  expect(waitsFor("fraud-detector-migration")).toContain("fraud-detector-maintenance-network");
});

test("the rights on the database are set one after the other: they are one row of its catalog", async () => {
  const { one } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const waitsFor = (name: string) => one(name).dependencies.map((urn) => urn.split("::").at(-1));
  expect(waitsFor("fraud-detector-retention-connect")).toContain(
    "fraud-detector-database-no-public",
  );
  expect(waitsFor("fraud-detector-stale-runs-connect")).toContain(
    "fraud-detector-retention-connect",
  );
});

test("a change of data replaces secrets and config maps, but updates the token hashes in place", async () => {
  const { one } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  for (const name of [
    "fraud-detector-credentials",
    "fraud-detector-ca-bundle",
    "fraud-detector-certificate",
    "fraud-detector-retention-credentials",
    "fraud-detector-stale-runs-credentials",
  ]) {
    expect(one(name).inputs.metadata.name, name).toBeUndefined();
    expect(one(name).replaceOnChanges, name).toContain("data");
  }
  const hashes = one("fraud-detector-token-hashes");
  expect(hashes.inputs.metadata.name).toBe("mlflow-tokens");
  expect(hashes.replaceOnChanges).toEqual([]);
});

describe("a missing provider", () => {
  test.each(["kubernetes", "aws", "postgresql", "random"])(
    "%s is an error that names it, and nothing is registered",
    async (missing) => {
      const { registrations } = await runWithMocks(instanceTypes, () => {
        const providers = instanceProviders().filter(
          (_, index) => ["kubernetes", "aws", "postgresql", "random"][index] !== missing,
        );
        expect(() => new MlflowInstance("fraud-detector", instanceArgs(), { providers })).toThrow(
          `MLflow instance "fraud-detector" has no provider for ${missing}: pass it in the option \`providers\``,
        );
      });
      expect(registrations).toEqual([]);
    },
  );

  test("is none when a parent has it", async () => {
    const { registrations } = await runWithMocks(instanceTypes, () => {
      const first = newInstance(instanceArgs());
      new MlflowInstance("second", instanceArgs({ instanceName: "second" }), { parent: first });
    });
    expect(
      registrations.filter(({ name }) => name === "second-server").map(({ provider }) => provider),
    ).toEqual([expect.stringContaining("::the-cluster::")]);
  });
});
