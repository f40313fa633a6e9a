// What the S3 part of the stand-in decides and says without a store, over the real protocol.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { asText, unknown } from "../../../../local/plugins/shared/values.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { at, policyOf, settings } from "./s3.ts";

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
