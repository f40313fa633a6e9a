import { expect, test } from "vitest";
import { rolesFitTheServer } from "../../../../policies/reliability/rolesFitTheServer.ts";
import { changed, role } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const key = "mlflow-instances/database-server-connections";
const server = (connections: string | undefined) => namespace({}, { [key]: connections });
const limited = (connectionLimit: unknown) => changed(role, ["connectionLimit"], connectionLimit);
const full = (instances: string, sum: number, available: number, max: number, urn = "urn:0") =>
  `${urn}: The roles of ${instances} together may hold ${sum} connections, the database server has ${available} for them (max_connections ${max}); ` +
  "lower databaseConnections, replicas or workers, or raise max_connections and platform.postgresql.maxConnections.";
const unsaid = `urn:0: It is not declared how many connections the database server of instance shop takes; set the annotation ${key} of its namespace (platform.postgresql.maxConnections of the environment).`;

stackContract(rolesFitTheServer, {
  passes: {
    "roles that fit to the last connection": [server("89"), role],
    "a role without a limit, of which another rule speaks": [
      server("89"),
      role,
      { ...limited(-1), name: "shop-b" },
    ],
    "one that may not log in": [
      server("89"),
      role,
      { ...changed(role, ["login"], false), name: "shop-b" },
    ],
  },
  breaks: [server("88"), role],
  message: full("1 instance", 84, 83, 88),
  unknown: [
    { given: [server("89"), limited(unknown)], later: ["connectionLimit"] },
    { given: [server(unknown), role], later: [`metadata.annotations.${key}`] },
  ],
  ignores: {
    "roles of no instance": [limited(1000)],
    "another type": [server("89"), { ...role, type: "postgresql:index/database:Database" }],
  },
});

test.each([undefined, "", "many"])(
  "a server of which nobody says what it takes: %o",
  async (connections) => {
    expect((await judgeStack(rolesFitTheServer, [server(connections), role])).violations).toEqual([
      unsaid,
    ]);
  },
);

const search: Given[] = [
  {
    ...namespace({ "app.kubernetes.io/instance": "search" }, { [key]: "100" }),
    name: "search-namespace",
  },
  { ...changed(role, ["name"], "mlflow_search"), name: "search-database-role" },
];

test("all instances of a server together, within what the least of them says", async () => {
  expect(
    (await judgeStack(rolesFitTheServer, [server("200"), role, ...search])).violations,
  ).toEqual([full("2 instances", 168, 95, 100)]);
});

test("an instance that says nothing hides no other", async () => {
  expect(
    (await judgeStack(rolesFitTheServer, [server(undefined), role, ...search])).violations,
  ).toEqual([unsaid, full("1 instance", 168, 95, 100, "urn:2")]);
});

test("an exclusion needs all instances that share the server", async () => {
  const exclusion = { reason: "moves to a server of its own", until: "2026-12-31" };
  const given = [server("200"), role, ...search];
  const one = { exclusions: [{ instance: "shop", ...exclusion }] };
  expect((await judgeStack(rolesFitTheServer, given, { config: one })).violations).toHaveLength(1);
  const both = { exclusions: ["shop", "search"].map((instance) => ({ instance, ...exclusion })) };
  expect(await judgeStack(rolesFitTheServer, given, { config: both })).toEqual(clean);
});

test("two servers are counted for themselves", async () => {
  const at = (given: Given, urn: string) => ({
    ...given,
    provider: { type: "pulumi:providers:postgresql", urn, props: {} },
  });
  const given = [server("89"), at(role, "urn:a"), search[0]!, at(search[1]!, "urn:b")];
  expect(await judgeStack(rolesFitTheServer, given)).toEqual(clean);
});

test("reserve and share by configuration", async () => {
  const violations = async (config: object) =>
    (await judgeStack(rolesFitTheServer, [server("50"), role], { config })).violations;
  expect(await violations({})).toEqual([full("1 instance", 84, 45, 50)]);
  expect(await violations({ reserved: { default: 6 } })).toEqual([full("1 instance", 84, 44, 50)]);
  expect(await violations({ share: { tiers: { standard: 2 } } })).toEqual([]);
});

test("the configuration says it where no annotation does", async () => {
  const config = { serverConnections: { dev: 88 } };
  expect(
    (await judgeStack(rolesFitTheServer, [server(undefined), role], { config })).violations,
  ).toEqual([full("1 instance", 84, 83, 88)]);
  expect(await judgeStack(rolesFitTheServer, [server("89"), role], { config })).toEqual(clean);
});
