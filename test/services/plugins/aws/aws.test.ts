// The S3 part of the stand-in against a real gateway, over the real protocol.
import { CreateMultipartUploadCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { Secret, asText, unknown } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { startEchoStore } from "../support/echoStore.ts";
import type { EchoStore } from "../support/echoStore.ts";
import { startGateway } from "../support/s3Gateway.ts";
import type { Gateway } from "../support/s3Gateway.ts";

const at = (name: string): string =>
  urn(`aws:s3/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`, "Fraud-Artifacts");

interface Made {
  id: string;
  inputs: Properties;
  properties: Properties;
}

function settings(endpoint: string, more: Properties = {}): Properties {
  return {
    region: "test-1",
    accessKey: "test-root",
    secretKey: new Secret("secret of the test root"),
    endpoints: JSON.stringify([{ s3: endpoint }]),
    s3UsePathStyle: "true",
    skipCredentialsValidation: "true",
    skipRegionValidation: "true",
    ...more,
  };
}

async function make(client: ProviderClient, name: string, given: Properties): Promise<Made> {
  const { inputs, failures } = await client.check(at(name), given);
  expect(failures).toEqual([]);
  expect((await client.create(at(name), inputs, true)).id).toBe("");
  return { inputs, ...(await client.create(at(name), inputs)) };
}

async function change(
  client: ProviderClient,
  name: string,
  made: Made,
  given: Properties,
): Promise<Made> {
  const { inputs } = await client.check(at(name), given, made.inputs);
  return {
    id: made.id,
    inputs,
    properties: await client.update(at(name), made.id, made.properties, made.inputs, inputs),
  };
}

async function expectStable(client: ProviderClient, name: string, made: Made): Promise<void> {
  const now = await client.read(at(name), made.id, made.properties, made.inputs);
  expect(now.id).toBe(made.id);
  expect(now.properties).toEqual(made.properties);
  expect(now.inputs).toEqual(made.inputs);
  expect(
    (await client.diff(at(name), made.id, now.properties, now.inputs, made.inputs)).changes,
  ).toBe(false);
}

const policyOf = (bucket: string, actions: string[] | string): Properties => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: ["test-root"] },
      Action: actions,
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    },
  ],
});

describe("a real gateway", () => {
  let gateway: Gateway;
  let client: ProviderClient;

  beforeAll(async () => {
    gateway = await startGateway();
    client = await connect(awsProvider());
    await client.configure(settings(gateway.endpoint));
  }, 300_000);

  afterAll(async () => {
    await client?.close();
    await gateway?.stop();
  });

  test("a bucket with versioning, policy, ownership and CORS is made, stays without drift and goes", async () => {
    const bucket = await make(client, "Bucket", { bucket: "life", tags: { team: "fraud" } });
    expect(bucket).toMatchObject({
      id: "life",
      properties: {
        arn: "arn:aws:s3:::life",
        bucketDomainName: "life.s3.amazonaws.com",
        region: "test-1",
        tags: { team: "fraud" },
        tagsAll: { team: "fraud" },
        policy: null,
      },
    });
    const versioning = await make(client, "BucketVersioning", {
      bucket: "life",
      versioningConfiguration: { status: "Enabled" },
    });
    const ownership = await make(client, "BucketOwnershipControls", {
      bucket: "life",
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    const cors = await make(client, "BucketCorsConfiguration", {
      bucket: "life",
      corsRules: [
        {
          allowedMethods: ["GET", "PUT"],
          allowedOrigins: ["https://a.example"],
          maxAgeSeconds: 60,
        },
      ],
    });
    const policy = await make(client, "BucketPolicy", {
      bucket: "life",
      policy: JSON.stringify(policyOf("life", ["s3:*"])),
    });
    const all = [
      ["Bucket", bucket],
      ["BucketVersioning", versioning],
      ["BucketOwnershipControls", ownership],
      ["BucketCorsConfiguration", cors],
      ["BucketPolicy", policy],
    ] as const;
    for (const [name, made] of all) await expectStable(client, name, made);

    const tagged = await change(client, "Bucket", bucket, {
      bucket: "life",
      tags: { team: "risk", tier: "standard" },
    });
    expect(tagged.properties["tagsAll"]).toEqual({ team: "risk", tier: "standard" });
    await expectStable(client, "Bucket", tagged);
    const suspended = await change(client, "BucketVersioning", versioning, {
      bucket: "life",
      versioningConfiguration: { status: "Suspended" },
    });
    await expectStable(client, "BucketVersioning", suspended);

    for (const [name, made] of [
      ["BucketPolicy", policy],
      ["BucketCorsConfiguration", cors],
      ["BucketOwnershipControls", ownership],
    ] as const) {
      await client.delete(at(name), made.id, made.properties);
      expect((await client.read(at(name), made.id, made.properties, made.inputs)).id).toBe("");
    }
    await client.delete(at("BucketVersioning"), suspended.id, suspended.properties);
    await client.delete(at("Bucket"), tagged.id, tagged.properties);
    expect((await client.read(at("Bucket"), "life", tagged.properties, tagged.inputs)).id).toBe("");
    // A second deletion, as after an interrupted one, finds nothing to do.
    await client.delete(at("Bucket"), tagged.id, tagged.properties);
  });

  test("a bucket that is not empty is only deleted with forceDestroy, old versions and unfinished uploads included", async () => {
    const bucket = await make(client, "Bucket", { bucket: "full", forceDestroy: false });
    await make(client, "BucketVersioning", {
      bucket: "full",
      versioningConfiguration: { status: "Enabled" },
    });
    for (const Body of ["one", "two"])
      await gateway.client.send(
        new PutObjectCommand({ Bucket: "full", Key: "run/model.bin", Body }),
      );
    await gateway.client.send(
      new CreateMultipartUploadCommand({ Bucket: "full", Key: "unfinished" }),
    );
    await expect(client.delete(at("Bucket"), bucket.id, bucket.properties)).rejects.toThrow(
      /can't delete bucket "full": it is not empty.*forceDestroy: true/,
    );
    const forced = await change(client, "Bucket", bucket, { bucket: "full", forceDestroy: true });
    await client.delete(at("Bucket"), forced.id, forced.properties);
    expect((await client.read(at("Bucket"), "full", forced.properties, forced.inputs)).id).toBe("");
  });

  test("drift shows: tags, a policy and versioning changed by hand; import reads a bucket", async () => {
    const bucket = await make(client, "Bucket", { bucket: "drift", tags: { team: "fraud" } });
    const other = await connect(awsProvider());
    await other.configure(settings(gateway.endpoint));
    await change(other, "Bucket", bucket, { bucket: "drift", tags: { team: "stolen" } });
    const now = await client.read(at("Bucket"), bucket.id, bucket.properties, bucket.inputs);
    expect(now.inputs["tags"]).toEqual({ team: "stolen" });
    const diff = await client.diff(
      at("Bucket"),
      bucket.id,
      now.properties,
      now.inputs,
      bucket.inputs,
    );
    expect(diff).toMatchObject({
      diffs: ["tags"],
      replaces: [],
      detailedDiff: { "tags.team": { kind: "update", inputDiff: false } },
    });
    const imported = await other.read(at("Bucket"), "drift");
    expect(imported.inputs).toMatchObject({ bucket: "drift", tags: { team: "stolen" } });
    await other.close();
  });

  test("settings that the store doesn't offer are one clear error", async () => {
    await make(client, "Bucket", { bucket: "plain" });
    const rules = [
      { id: "tmp", status: "Enabled", filter: { prefix: "tmp/" }, expiration: { days: 7 } },
    ];
    const lifecycle = await client.check(at("BucketLifecycleConfiguration"), {
      bucket: "plain",
      rules,
    });
    await expect(
      client.create(at("BucketLifecycleConfiguration"), lifecycle.inputs),
    ).rejects.toThrow(
      new RegExp(
        `can't set the lifecycle rules of bucket "plain": the object store ${gateway.endpoint} does not offer this \\(501 NotImplemented\\)`,
      ),
    );
  });

  test("wrong credentials are told without them", async () => {
    const other = await connect(awsProvider());
    await other.configure(settings(gateway.endpoint, { secretKey: new Secret("not-the-secret") }));
    const message = await other.create(at("Bucket"), { bucket: "nobody" }).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(message).toMatch(/refuses the credentials \(SignatureDoesNotMatch\)/);
    expect(message).not.toContain("not-the-secret");
    await other.close();
  });

  test("a name that is taken is refused, also when this user owns the bucket", async () => {
    await make(client, "Bucket", { bucket: "taken" });
    await expect(client.create(at("Bucket"), { bucket: "taken" })).rejects.toThrow(
      /can't create bucket "taken": BucketAlready/,
    );
  });
});

describe("settings that the gateway of the tests doesn't offer, against an endpoint that echoes documents", () => {
  let store: EchoStore;
  let client: ProviderClient;

  beforeAll(async () => {
    store = await startEchoStore();
    client = await connect(awsProvider());
    await client.configure(settings(store.endpoint));
  });

  afterAll(async () => {
    await client?.close();
    store?.stop();
  });

  test("lifecycle rules, default encryption and the public access block are written and read back the same", async () => {
    const lifecycle = await make(client, "BucketLifecycleConfiguration", {
      bucket: "b",
      rules: [
        { id: "tmp", status: "Enabled", filter: { prefix: "tmp/" }, expiration: { days: 7 } },
        {
          id: "uploads",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
        {
          id: "versions",
          status: "Enabled",
          filter: { prefix: "" },
          noncurrentVersionExpiration: { noncurrentDays: 30 },
          expiration: { expiredObjectDeleteMarker: true },
        },
        {
          id: "cold",
          status: "Disabled",
          filter: { tag: { key: "cold", value: "yes" } },
          transitions: [{ days: 30, storageClass: "GLACIER" }],
        },
        {
          id: "both",
          status: "Enabled",
          filter: { and: { prefix: "a/", tags: { x: "y" }, objectSizeGreaterThan: 10 } },
          expiration: { days: 1 },
        },
      ],
    });
    const encryption = await make(client, "BucketServerSideEncryptionConfiguration", {
      bucket: "b",
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    const block = await make(client, "BucketPublicAccessBlock", {
      bucket: "b",
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(store.documents.get("/b?lifecycle")).toContain(
      "<DaysAfterInitiation>7</DaysAfterInitiation>",
    );
    expect(lifecycle.properties["rules"]).toMatchObject([
      { id: "tmp", expiration: { days: 7 } },
      {},
      {},
      {},
      { filter: { and: { tags: { x: "y" } } } },
    ]);
    const all = [
      ["BucketLifecycleConfiguration", lifecycle],
      ["BucketServerSideEncryptionConfiguration", encryption],
      ["BucketPublicAccessBlock", block],
    ] as const;
    for (const [name, made] of all) await expectStable(client, name, made);
    for (const [name, made] of all) {
      await client.delete(at(name), made.id, made.properties);
      expect((await client.read(at(name), made.id, made.properties, made.inputs)).id).toBe("");
    }
    expect(store.documents.size).toBe(0);
  });

  test("one changed day is one line of the diff of an SDK type, and the engine's own display for a framework type", async () => {
    const { inputs } = await client.check(at("BucketPublicAccessBlock"), {
      bucket: "b",
      blockPublicAcls: true,
    });
    const made = await client.create(at("BucketPublicAccessBlock"), inputs);
    const next = await client.check(
      at("BucketPublicAccessBlock"),
      { bucket: "c", blockPublicAcls: true, blockPublicPolicy: true },
      inputs,
    );
    expect(
      await client.diff(
        at("BucketPublicAccessBlock"),
        made.id,
        made.properties,
        inputs,
        next.inputs,
      ),
    ).toMatchObject({
      diffs: ["blockPublicPolicy", "bucket"],
      replaces: ["bucket"],
      detailedDiff: {
        blockPublicPolicy: { kind: "update", inputDiff: false },
        bucket: { kind: "update-replace", inputDiff: false },
      },
    });
  });
});

describe("without any store", () => {
  let client: ProviderClient;

  beforeAll(async () => {
    client = await connect(awsProvider());
    await client.configure(
      settings("http://127.0.0.1:1", {
        defaultTags: JSON.stringify({ tags: { environment: "local" } }),
      }),
    );
  });
  afterAll(async () => client.close());

  test("default tags go into the inputs, names are made in lower case, a preview needs no store", async () => {
    const { inputs } = await client.check(at("Bucket"), { tags: { team: "fraud" } });
    expect(inputs["bucket"]).toMatch(/^fraud-artifacts-[0-9a-f]{7}$/);
    expect(inputs["tags"]).toEqual({ environment: "local", team: "fraud" });
    const planned = await client.create(at("Bucket"), inputs, true);
    expect(planned.properties).toMatchObject({
      arn: `arn:aws:s3:::${asText(inputs["bucket"])}`,
      id: unknown,
      websiteEndpoint: unknown,
    });
  });

  test("policies that mean the same are no change, whatever the order of keys and lists", async () => {
    const policy = policyOf("b", ["s3:GetObject", "s3:PutObject"]);
    const { inputs } = await client.check(at("BucketPolicy"), {
      bucket: "b",
      policy: JSON.stringify(policy),
    });
    const reordered = JSON.stringify({ Statement: policy["Statement"], Version: policy["Version"] })
      .replace('["s3:GetObject","s3:PutObject"]', '["s3:PutObject","s3:GetObject"]')
      .replace('["test-root"]', '"test-root"');
    const state = { ...inputs, policy: reordered, id: "b" };
    expect((await client.diff(at("BucketPolicy"), "b", state, inputs, inputs)).changes).toBe(false);
    const other = { ...inputs, policy: JSON.stringify(policyOf("b", ["s3:GetObject"])) };
    expect((await client.diff(at("BucketPolicy"), "b", state, inputs, other)).diffs).toEqual([
      "policy",
    ]);
    expect((await client.check(at("BucketPolicy"), { bucket: "b", policy: "{" })).failures).toEqual(
      [{ property: "policy", reason: "is not JSON" }],
    );
  });

  test("a store that can't be reached is told with its address within 10 s", async () => {
    const start = Date.now();
    await expect(client.create(at("Bucket"), { bucket: "far" })).rejects.toThrow(
      /object store http:\/\/127\.0\.0\.1:1 can't be used: nothing listens there/,
    );
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  test("bad names, unknown properties and deprecated settings are told at once", async () => {
    const { failures } = await client.check(at("Bucket"), {
      bucket: "Not_A_Name",
      color: "red",
      versioning: "x",
    });
    expect(failures.map((failure) => failure.property).sort()).toEqual([
      "bucket",
      "color",
      "versioning",
    ]);
    await expect(client.check(urn("aws:iam/user:User", "u"), {})).rejects.toThrow(
      /aws:iam\/user:User is not supported by the stand-in plugin for "aws"/,
    );
    const other = await connect(awsProvider());
    await expect(
      other.configure({ region: "x", assumeRoles: JSON.stringify([{ roleArn: "arn" }]) }),
    ).rejects.toThrow(/assumeRoles is not supported/);
    await expect(
      other.configure({ region: "x", endpoints: JSON.stringify([{ s3: "nowhere" }]) }),
    ).rejects.toThrow(/endpoints\[0\]\.s3 is not a URL/);
    await other.close();
  });
});
