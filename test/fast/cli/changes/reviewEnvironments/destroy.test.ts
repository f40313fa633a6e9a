import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { destroyReview } from "../../../../../cli/changes/reviewEnvironments/destroy.ts";
import { headerFromState } from "../../../../../cli/changes/reviewEnvironments/stackFile.ts";
import { holdersIn, mayWork } from "../../../../../cli/changes/reviewEnvironments/takeUp.ts";
import { bundlesOf } from "../../../../../program/platforms/index.ts";
import { caFileName } from "../../../../../program/environment/caFile.ts";
import { fakePulumi, stateOf, type FakeStack } from "./fakePulumi.ts";

const outputs = { preview: { pullRequest: 12, until: "2026-11-29" } };
const stack = (more: Partial<FakeStack> = {}): FakeStack => ({
  state: stateOf("pr-12", { outputs }),
  ...more,
});
const file = "stacks/Pulumi.pr-12.yaml";

test("the stack goes with its state and its file, which need not be there", async () => {
  for (const files of [{}, { [`root/${file}`]: "config: {}\n" }]) {
    const fake = fakePulumi({ "pr-12": stack(), prod: stack() }, files);
    expect(await destroyReview(fake.workplace, 12)).toBe("destroyed");
    expect(fake.calls()).toEqual([
      "stack ls --json",
      "stack export --stack pr-12",
      "stack export --stack pr-12",
      "destroy --stack pr-12",
      "stack rm --stack pr-12",
    ]);
    expect(fake.stacks()).toEqual(["prod"]);
    expect(existsSync(join(fake.root, file))).toBe(false);
  }
});

test("none at all is no error, and what is left of its file goes", async () => {
  const fake = fakePulumi(
    { prod: stack(), "pr-1": stack(), "pr-123": stack() },
    { [`root/${file}`]: "config: {}\n" },
  );
  expect(await destroyReview(fake.workplace, 12)).toBe("none");
  expect(fake.calls()).toEqual(["stack ls --json"]);
  expect(existsSync(join(fake.root, file))).toBe(false);
});

test("a stack that only bears the name is left alone, and so is its file", async () => {
  const fake = fakePulumi(
    { "pr-12": { state: stateOf("pr-12", { outputs: { url: "x" } }) } },
    { [`root/${file}`]: "mine: true\n" },
  );
  await expect(destroyReview(fake.workplace, 12)).rejects.toThrow(
    "pr-12 is left alone: its outputs have no",
  );
  expect(fake.calls()).toEqual(["stack ls --json", "stack export --stack pr-12"]);
  expect(readFileSync(join(fake.root, file), "utf8")).toBe("mine: true\n");
});

test("a failure keeps the stack, for the next time, and says why", async () => {
  const fake = fakePulumi({
    "pr-12": stack({ destroyFails: "namespace mlflow-pr-12-shop: still terminating" }),
  });
  await expect(destroyReview(fake.workplace, 12)).rejects.toThrow("still terminating");
  expect(fake.stacks()).toEqual(["pr-12"]);
  expect(fake.calls()).not.toContain("stack rm --stack pr-12");
});

test("what an update was making when it was cut off is taken into the state first", async () => {
  const bucket = {
    urn: "urn:pulumi:pr-12::mlflow-instances::aws:s3/bucket:Bucket::pr-12-shop-bucket",
    type: "aws:s3/bucket:Bucket",
    custom: true,
  };
  const pending = [
    { type: "creating", resource: { ...bucket, inputs: { bucket: "mlflow-pr-12-shop" } } },
  ];
  const fake = fakePulumi({ "pr-12": stack({ state: stateOf("pr-12", { outputs, pending }) }) });
  await destroyReview(fake.workplace, 12);
  expect(fake.calls().slice(2)).toEqual([
    "stack export --stack pr-12",
    "stack import --stack pr-12",
    "refresh --stack pr-12",
    "destroy --stack pr-12",
    "stack rm --stack pr-12",
  ]);
});

describe("a lock", () => {
  const lock = (host: string, pid: number, since: string) =>
    "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n" +
    `  file:///state/.pulumi/locks/organization/mlflow-instances/pr-12/a.json: created by deploy@${host} (pid ${pid}) at ${since}`;
  const recently = new Date().toISOString();
  // The highest process id that Linux gives is less.
  const gone = 4_194_305;

  test("whose process is gone is taken away", async () => {
    const fake = fakePulumi({
      "pr-12": stack({ locked: { text: lock(hostname(), gone, recently), times: 1 } }),
    });
    expect(await destroyReview(fake.workplace, 12)).toBe("destroyed");
    expect(fake.calls()).toContain("cancel --stack pr-12");
  });

  test("that was cut off while it was written is taken away", async () => {
    const fake = fakePulumi({
      "pr-12": stack({ locked: { text: "unexpected end of JSON input", times: 1 } }),
    });
    expect(await destroyReview(fake.workplace, 12)).toBe("destroyed");
  });

  test.each([
    ["of a living process", hostname(), process.pid, "2020-01-01T00:00:00Z"],
    ["of another machine, just made", "runner-7", gone, recently],
  ])("%s is respected, with who holds it", async (_, host, pid, since) => {
    const fake = fakePulumi({
      "pr-12": stack({ locked: { text: lock(host, pid, since), times: 9 } }),
    });
    await expect(destroyReview(fake.workplace, 12)).rejects.toThrow(
      `pr-12 is being updated by process ${pid} of ${host} since ${since}`,
    );
    expect(fake.calls()).not.toContain("cancel --stack pr-12");
    expect(fake.stacks()).toEqual(["pr-12"]);
  });

  test("of another machine is a dead one's after an hour", () => {
    const [holder] = holdersIn(lock("runner-7", 1, "2026-11-22T10:00:00+01:00"));
    expect(holder).toEqual({ host: "runner-7", pid: 1, since: "2026-11-22T10:00:00+01:00" });
    expect(mayWork(holder!, new Date("2026-11-22T09:59:59Z"))).toBe(true);
    expect(mayWork(holder!, new Date("2026-11-22T10:00:00Z"))).toBe(false);
    expect(holdersIn("no stack named 'pr-12' found")).toEqual([]);
  });
});

test("the secrets provider comes from the state", () => {
  expect(headerFromState({ type: "passphrase", state: { salt: "v1:abc" } })).toMatch(
    /\nencryptionsalt: v1:abc\n$/,
  );
  expect(
    headerFromState({ type: "cloud", state: { url: "gcpkms://k", encryptedkey: "CiQA" } }),
  ).toMatch(/\nsecretsprovider: gcpkms:\/\/k\nencryptedkey: CiQA\n$/);
  for (const provider of [
    { type: "service", state: { url: "https://example.com", stack: "pr-12" } },
    undefined,
  ])
    expect(headerFromState(provider)).toMatch(/^#[^\n]*\n$/);
});

describe("the certificates that its providers trust", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const base = stringify({
    config: { "mlflow-instances:environment": { platform: { caBundle: pem } } },
  });
  const withCa = (path: string): FakeStack => ({
    state: stateOf("pr-12", {
      outputs,
      resources: [
        { type: "pulumi:providers:aws", name: "object-store", inputs: { customCaBundle: path } },
        { type: "pulumi:providers:postgresql", name: "postgresql", inputs: { sslrootcert: path } },
      ],
    }),
  });

  test("are written where the state looks for them, from a stack file of this checkout", async () => {
    const home = fakePulumi({}).root;
    const path = join(home, "cache", "ca", caFileName(pem));
    const fake = fakePulumi({ "pr-12": withCa(path) }, { "root/stacks/Pulumi.dev.yaml": base });
    expect(await destroyReview(fake.workplace, 12)).toBe("destroyed");
    expect(readFileSync(path, "utf8")).toBe(pem);
  });

  test("of RDS are known by the region of a stack file", async () => {
    const aws = stringify({
      config: {
        "mlflow-instances:environment": {
          platform: { kind: "aws", region: "eu-central-1", caBundle: pem },
        },
      },
    });
    const home = fakePulumi({}).root;
    const pems = bundlesOf({ kind: "aws", region: "eu-central-1", caBundle: pem });
    // The private authority's, the same beside the public ones, and those of RDS.
    expect(pems.map((text) => text.match(/BEGIN CERTIFICATE/g)?.length)).toEqual([
      1,
      rootCertificates.length + 1,
      3,
    ]);
    for (const text of pems) {
      const path = join(home, "cache", "ca", caFileName(text));
      const fake = fakePulumi({ "pr-12": withCa(path) }, { "root/stacks/Pulumi.dev.yaml": aws });
      expect(await destroyReview(fake.workplace, 12)).toBe("destroyed");
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });

  test("are asked for when no stack file has them, before anything is changed", async () => {
    const fake = fakePulumi(
      { "pr-12": withCa("/nowhere/mlflow-instances/ca/0123456789abcdef.pem") },
      { "root/stacks/Pulumi.dev.yaml": base },
    );
    await expect(destroyReview(fake.workplace, 12)).rejects.toThrow(
      "pr-12: its providers trust the certificates in /nowhere/mlflow-instances/ca/0123456789abcdef.pem, which is not on this machine",
    );
    expect(fake.calls()).toEqual(["stack ls --json", "stack export --stack pr-12"]);
  });
});
