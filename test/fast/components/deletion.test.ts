import { expect, test } from "vitest";
import type { MlflowInstanceArgs } from "@mlflow-instances/components/internal";
import { instanceArgs, instanceTypes, newInstance } from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

// The shape of an instance that is being deleted, against the same instance before. That the engine
// changes the one into the other in place, and in this order, is test/engine/deletion.test.ts's.

const run = (changes: Partial<MlflowInstanceArgs> = {}) =>
  runWithMocks(instanceTypes, () => newInstance(instanceArgs({ replicas: 2, ...changes })));
const listed = ({ registrations }: Awaited<ReturnType<typeof run>>) =>
  registrations.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort();
const [before, prepared] = [await run(), await run({ prepareDeletion: true })];

test("what runs goes, and only the dump comes", () => {
  const [was, is] = [listed(before), listed(prepared)];
  expect(was.filter((entry) => !is.includes(entry))).toEqual([
    "CronJob fraud-detector-retention",
    "CronJob fraud-detector-stale-runs",
    "Ingress fraud-detector-ingress",
    "PodDisruptionBudget fraud-detector-disruption-budget",
    "Secret fraud-detector-certificate",
    "Secret fraud-detector-retention-credentials",
    "Secret fraud-detector-stale-runs-credentials",
    "ServiceAccount fraud-detector-retention-account",
    "ServiceAccount fraud-detector-stale-runs-account",
  ]);
  expect(is.filter((entry) => !was.includes(entry))).toEqual([
    "Job fraud-detector-final-dump",
    "NetworkPolicy fraud-detector-final-dump-network",
    "ServiceAccount fraud-detector-final-dump-account",
  ]);
});

test("what stays is the same but for the stopped server, the logins of maintenance, the bucket's lock, its room for the dump, and the tag", () => {
  const changed = prepared.registrations.flatMap(({ custom, name, inputs }) => {
    const was = before.registrations.find((other) => other.custom && other.name === name);
    return custom && was !== undefined && JSON.stringify(was.inputs) !== JSON.stringify(inputs)
      ? [name]
      : [];
  });
  expect(changed.sort()).toEqual([
    "fraud-detector-bucket",
    "fraud-detector-bucket-policy",
    "fraud-detector-namespace",
    "fraud-detector-retention-role",
    "fraud-detector-server",
    "fraud-detector-stale-runs-role",
  ]);
  const inputs = (name: string) => prepared.one(`fraud-detector-${name}`).inputs;
  expect(inputs("server").spec.replicas).toBe(0);
  expect([
    inputs("retention-role").login,
    inputs("stale-runs-role").login,
    inputs("database-role").login,
  ]).toEqual([false, false, true]);
  expect(inputs("bucket").forceDestroy).toBe(true);
  expect(inputs("bucket").tags["mlflow-instances/deletion"]).toBe("prepared");
  expect(inputs("namespace").metadata.annotations["mlflow-instances/deletion"]).toBe("prepared");
});

test.each([undefined, true, false])(
  "nothing is protected any more, whatever protect says (%s)",
  async (protect) => {
    const { registrations } = await run({
      prepareDeletion: true,
      ...(protect === undefined ? {} : { protect }),
    });
    expect(
      registrations.filter((registration) => registration.protect || registration.retainOnDelete),
    ).toEqual([]);
  },
);

test("the dump waits for the server's end, for the logins of maintenance, and for its way to database and bucket", () => {
  const waitsFor = prepared
    .one("fraud-detector-final-dump")
    .dependencies.map((urn) => urn.split("::").at(-1));
  expect(waitsFor).toEqual(
    expect.arrayContaining([
      "fraud-detector-server",
      "fraud-detector-stale-runs-connect",
      "fraud-detector-final-dump-network",
      "fraud-detector-final-dump-account",
      "fraud-detector-bucket-policy",
      "fraud-detector-credentials",
    ]),
  );
  // A role changes before the grant that names it.
  expect(prepared.one("fraud-detector-stale-runs-connect").dependencies.join()).toContain(
    "fraud-detector-stale-runs-role",
  );
});

test("a dump that failed is made anew by the next up", () => {
  expect(prepared.one("fraud-detector-final-dump").inputs.metadata.annotations).toEqual({
    "pulumi.com/replaceUnready": "true",
  });
});

test("the dump's pod is let out by its policy and has no word of Kubernetes", () => {
  const { spec } = prepared.one("fraud-detector-final-dump").inputs.spec.template;
  const { metadata } = prepared.one("fraud-detector-final-dump").inputs.spec.template;
  const selector = prepared.one("fraud-detector-final-dump-network").inputs.spec.podSelector
    .matchLabels;
  expect(metadata.labels).toMatchObject(selector);
  expect(spec.serviceAccountName).toBe(
    prepared.one("fraud-detector-final-dump-account").inputs.metadata.name,
  );
  expect(
    prepared.one("fraud-detector-final-dump-account").inputs.automountServiceAccountToken,
  ).toBe(false);
  expect(spec.containers[0].env).toEqual(
    expect.arrayContaining([
      { name: "MLFLOW_INSTANCE_NAME", value: "fraud-detector" },
      {
        name: "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION",
        value: "s3-proxied://mlflow-local-fraud-detector/artifacts",
      },
    ]),
  );
});
