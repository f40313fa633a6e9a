// What the tests of the stand-in's S3 part share: its configuration, and the life of a resource.
import { expect } from "vitest";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";

export const at = (name: string): string =>
  urn(`aws:s3/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`, "Fraud-Artifacts");

interface Made {
  id: string;
  inputs: Properties;
  properties: Properties;
}

export function settings(endpoint: string, more: Properties = {}): Properties {
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

export async function make(client: ProviderClient, name: string, given: Properties): Promise<Made> {
  const { inputs, failures } = await client.check(at(name), given);
  expect(failures).toEqual([]);
  expect((await client.create(at(name), inputs, true)).id).toBe("");
  return { inputs, ...(await client.create(at(name), inputs)) };
}

export async function change(
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

export async function expectStable(
  client: ProviderClient,
  name: string,
  made: Made,
): Promise<void> {
  const now = await client.read(at(name), made.id, made.properties, made.inputs);
  expect(now.id).toBe(made.id);
  expect(now.properties).toEqual(made.properties);
  expect(now.inputs).toEqual(made.inputs);
  expect(
    (await client.diff(at(name), made.id, now.properties, now.inputs, made.inputs)).changes,
  ).toBe(false);
}

export const policyOf = (bucket: string, actions: string[] | string): Properties => ({
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
