// The S3 part of the stand-in where the gateway of the tests has no answer, over the real protocol.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { connect } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { startEchoStore } from "../support/echoStore.ts";
import type { EchoStore } from "../support/echoStore.ts";
import { at, expectStable, make, settings } from "./s3.ts";

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
