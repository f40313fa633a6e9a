// The S3 part of the stand-in against a real gateway, over the real protocol.
import { CreateMultipartUploadCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import { connect } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { startGateway } from "../support/s3Gateway.ts";
import type { Gateway } from "../support/s3Gateway.ts";
import { at, change, expectStable, make, policyOf, settings } from "./s3.ts";

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
