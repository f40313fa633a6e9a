import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import {
  instanceArgs,
  instanceTypes,
  maintenanceSecrets,
  newInstance,
  passwordOf,
  secrets,
} from "../../support/instance.ts";
import { isSealed, runWithMocks, withoutSecrets } from "../../support/mocks.ts";

const databasePassword = passwordOf("fraud-detector-database-password");
const ciPassword = passwordOf("fraud-detector-token-ci-g1");
const retentionPassword = passwordOf("fraud-detector-retention-password");
const staleRunsPassword = passwordOf("fraud-detector-stale-runs-password");
const serverKey = passwordOf("fraud-detector-server-key");
const keyOf = (use: string) => {
  const digest = createHash("sha256").update(`${use}:${serverKey}`).digest();
  return `${digest.toString("base64url")}=`;
};
const all = [
  keyOf("webhooks"),
  keyOf("key-encryption"),
  ...Object.values(secrets),
  ...Object.values(maintenanceSecrets),
  databasePassword,
  retentionPassword,
  staleRunsPassword,
  ciPassword,
  passwordOf("fraud-detector-token-dashboard-g1"),
];

// What it can't prove: what providers and the engine do with the envelopes; that is the engine
// tests' part.
test("no secret is registered outside an envelope, not in a component's inputs or outputs either", async () => {
  const run = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const outputs = run.registrations
    .filter(({ custom }) => !custom)
    .map(({ type, name }) => run.outputsOf(type, name));
  const plain = JSON.stringify([
    run.registrations.map(({ sealed }) => withoutSecrets(sealed)),
    outputs.map(withoutSecrets),
  ]);
  const everything = JSON.stringify([run.registrations.map(({ inputs }) => inputs), outputs]);
  for (const secret of all) {
    expect(plain).not.toContain(secret);
    // Otherwise the line above would pass because the secret is used nowhere.
    expect(everything).toContain(secret);
  }
  expect(plain).not.toContain(createHash("sha256").update(`mlf_${ciPassword}`).digest("hex"));
});

test("components register no inputs: the engine would write them to the state", async () => {
  const { registrations } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const components = registrations.filter(({ custom }) => !custom);
  expect(components.length).toBe(1);
  for (const { sealed } of components) expect(sealed).toEqual({});
});

test("the credentials secret holds database URI and key pair, the token secret only hashes", async () => {
  const { one } = await runWithMocks(instanceTypes, () =>
    newInstance(
      instanceArgs({
        bucketCredentials: pulumi.secret({ accessKeyId: "id", secretAccessKey: "key" }),
      }),
    ),
  );
  const credentials = one("fraud-detector-credentials");
  expect(isSealed((credentials.sealed as any).stringData)).toBe(true);
  expect(credentials.inputs.stringData).toEqual({
    "backend-store-uri":
      `postgresql+psycopg2://mlflow_fraud_detector:${databasePassword}@10.213.0.2:5432/mlflow_fraud_detector` +
      "?sslmode=verify-full&sslrootcert=%2Fetc%2Fmlflow-instance%2Fca%2Fca.crt&application_name=mlflow-fraud-detector&connect_timeout=5&tcp_user_timeout=15000",
    "access-key-id": "id",
    "secret-access-key": "key",
    "webhook-encryption-key": keyOf("webhooks"),
    "key-encryption-passphrase": keyOf("key-encryption"),
  });
  // Fernet takes 32 bytes in this alphabet and nothing else.
  expect(keyOf("webhooks")).toMatch(/^[A-Za-z0-9_-]{43}=$/);
  const tokens = one("fraud-detector-token-hashes");
  expect(isSealed((tokens.sealed as any).stringData)).toBe(true);
  const file = tokens.inputs.stringData["tokens.json"];
  expect(file).not.toContain(ciPassword);
  expect(JSON.parse(file).tokens[0]).toEqual({
    name: "ci",
    role: "edit",
    generation: 1,
    sha256: createHash("sha256").update(`mlf_${ciPassword}`).digest("hex"),
    expires: "2027-02-20",
  });
});

test("each maintenance job logs in with its own role and the key that can't read artifacts", async () => {
  const { one } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  for (const [job, role, password] of [
    ["retention", "mlflow_fraud_detector_retention", retentionPassword],
    ["stale-runs", "mlflow_fraud_detector_stale_runs", staleRunsPassword],
  ] as const) {
    const credentials = one(`fraud-detector-${job}-credentials`);
    expect(isSealed((credentials.sealed as any).stringData), job).toBe(true);
    expect(credentials.inputs.stringData).toEqual({
      "backend-store-uri": expect.stringContaining(
        `//${role}:${password}@10.213.0.2:5432/mlflow_fraud_detector?`,
      ),
      "access-key-id": maintenanceSecrets.accessKeyId,
      "secret-access-key": maintenanceSecrets.secretAccessKey,
    });
    expect(credentials.inputs.stringData["backend-store-uri"]).toContain(
      `application_name=mlflow-fraud-detector-${job}&`,
    );
  }
});

test("without a second key pair the maintenance jobs use the instance's, whose principal gets their rights", async () => {
  const { maintenanceCredentials: _key, ...rest } = instanceArgs();
  const { one } = await runWithMocks(instanceTypes, () => newInstance(rest));
  for (const job of ["retention", "stale-runs"]) {
    expect(one(`fraud-detector-${job}-credentials`).inputs.stringData).toMatchObject({
      "access-key-id": secrets.accessKeyId,
      "secret-access-key": secrets.secretAccessKey,
    });
  }
  const policy = JSON.parse(one("fraud-detector-bucket-policy").inputs.policy);
  expect(
    policy.Statement.filter(({ Sid }: any) => Sid.startsWith("Maintenance")).map(
      ({ Principal }: any) => Principal,
    ),
  ).toEqual([{ AWS: ["fraud-user"] }, { AWS: ["fraud-user"] }, { AWS: ["fraud-user"] }]);
});

test("generated values come from RandomPassword only: the ids of other random types are their values", async () => {
  const { registrations } = await runWithMocks(instanceTypes, () => newInstance(instanceArgs()));
  const random = registrations.filter(({ type }) => type.startsWith("random:"));
  expect(random.map(({ type, inputs }) => [type, inputs.length, inputs.special])).toEqual([
    ["random:index/randomPassword:RandomPassword", 32, false],
    ["random:index/randomPassword:RandomPassword", 32, false],
    ["random:index/randomPassword:RandomPassword", 32, false],
    ["random:index/randomPassword:RandomPassword", 40, false],
    ["random:index/randomPassword:RandomPassword", 40, false],
    ["random:index/randomPassword:RandomPassword", 43, false],
  ]);
});
