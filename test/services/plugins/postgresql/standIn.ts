import { afterAll, beforeAll, expect } from "vitest";
import { postgresqlProvider } from "../../../../local/plugins/postgresql/postgresqlProvider.ts";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { connect, urn } from "../support/client.ts";
import type { ProviderClient } from "../support/client.ts";
import { startCluster } from "../support/postgresCluster.ts";
import type { Cluster } from "../support/postgresCluster.ts";

// One server with the stand-in in front of it, for all tests of postgresql.test.ts.

const type = (name: string): string =>
  `postgresql:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;
export const at = (name: string): string => urn(type(name), "fraud");

export let cluster: Cluster;
export let client: ProviderClient;

export function startStandIn(): void {
  beforeAll(async () => {
    cluster = await startCluster();
    client = await connect(postgresqlProvider());
    await client.configure({
      host: cluster.host,
      port: String(cluster.port),
      username: cluster.user,
      password: new Secret(cluster.password),
      sslmode: "disable",
      connectTimeout: "180",
    });
  }, 60_000);

  afterAll(async () => {
    await client?.close();
    await cluster?.stop();
  });
}

interface Made {
  id: string;
  inputs: Properties;
  properties: Properties;
}

export async function make(name: string, given: Properties, by = client): Promise<Made> {
  const { inputs, failures } = await by.check(at(name), given);
  expect(failures).toEqual([]);
  const planned = await by.create(at(name), inputs, true);
  expect(planned.id).toBe("");
  return { inputs, ...(await by.create(at(name), inputs)) };
}

export async function change(
  name: string,
  made: Made,
  given: Properties,
  by = client,
): Promise<Made> {
  const { inputs } = await by.check(at(name), given, made.inputs);
  return {
    id: made.id,
    inputs,
    properties: await by.update(at(name), made.id, made.properties, made.inputs, inputs),
  };
}

/** Refresh and preview after it show nothing. */
export async function expectStable(name: string, made: Made, by = client): Promise<void> {
  const now = await by.read(at(name), made.id, made.properties, made.inputs);
  expect(now.id).toBe(made.id);
  expect(now.properties).toEqual(made.properties);
  expect(now.inputs).toEqual(made.inputs);
  expect((await by.diff(at(name), made.id, now.properties, now.inputs, made.inputs)).changes).toBe(
    false,
  );
}
