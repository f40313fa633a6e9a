import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sharedStorage, type Tier } from "@mlflow-instances/components/internal";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { levelOf } from "../../../policies/rule.ts";
import { rules } from "../../../policies/rules.ts";
import type { Environment } from "../../../program/environment/environment.ts";
import { policyDefaults } from "../../../program/instance/policyDefaults.ts";
import { readInstances } from "../../../program/instance/load.ts";
import { factsOf } from "../../../program/platforms/index.ts";
import { tierNames } from "../../../program/values/tiers.ts";
import { asPackGets } from "../../golden/asPackGets.ts";
import { fixtureKey } from "../../golden/environments.ts";
import { registeredBy } from "../../golden/registered.ts";
import { saidOf } from "../policies/everyRule.ts";
import { extremes, fileAt, type Place } from "./documentedExtremes.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

const today = new Date().toISOString().slice(0, 10);

interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | false;
}

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../stacks/instance.schema.json"), "utf8"),
) as Schema;

/** Paths of the fields that hold a value. */
function fieldsOf(
  { properties = {}, additionalProperties }: Schema,
  path: string[] = [],
): string[] {
  const inner = Object.entries({
    ...properties,
    ...(additionalProperties ? { "*": additionalProperties } : {}),
  });
  return inner.length === 0
    ? [path.join(".")]
    : inner.flatMap(([key, field]) => fieldsOf(field, [...path, key]));
}

test("every field of an instance file has its extremes here", () => {
  expect(Object.keys(extremes).sort()).toEqual(fieldsOf(schema).sort());
});

// The most that an RDS server takes: enough for one instance of each tier at its greatest.
const maxConnections = 5000;
const largest = { maxConnections, instanceClass: "db.r6g.4xlarge" };

const identity = {
  issuers: { gitlab: { url: "https://gitlab.example.com", bounds: { claim: ["**"] } } },
};

const aws = (rds: object = {}): Environment =>
  fixtureEnvironment((values) => {
    Object.assign(values.platform.database.rds, largest, rds);
    values.bounds = { tokenNamespaces: ["*"] };
    values.identity = identity;
    values.platform.image += `@sha256:${"f1".repeat(32)}`;
  }, "aws");

const environments: Record<string, Environment> = {
  existing: fixtureEnvironment((values) => {
    values.platform.postgresql.maxConnections = maxConnections;
    values.bounds = { tokenNamespaces: ["*"] };
    values.identity = identity;
  }),
  aws: aws(),
};

const placeOf = (environment: Environment, name: string, tier: Tier): Place => ({
  name,
  tier,
  domain: environment.domain,
  today,
  backupDays: factsOf(environment.platform).backupDays,
  storage: sharedStorage(environment.platform.ingress) ?? "999999Gi",
});

const required = { team: "shop", owner: "a@example.com", description: "d", costCenter: "4711" };

const read = (environment: Environment, files: Record<string, object>, policies: object = {}) => {
  const root = folderWith({
    "stacks/policies.json": JSON.stringify(policies),
    ...Object.fromEntries(
      Object.entries(files).map(([name, file]) => [`instances/${name}.yaml`, stringify(file)]),
    ),
  });
  const stack = environment.name;
  return readInstances(environment, join(root, "instances"), { stack, today, root });
};

const refusing = new Set(
  rules.filter((rule) => levelOf(rule) === "mandatory").map(({ name }) => name),
);

/** What the rules refuse of these files' instances. */
async function refusalsOf(environment: Environment, files: Record<string, object>) {
  const { instances, errors } = read(environment, files);
  expect(errors).toEqual([]);
  const key = environment.platform.kind === "existing" ? fixtureKey : () => undefined;
  const made = await registeredBy(environment, instances, key, today);
  const said = await saidOf(asPackGets(environment.name, made), () => ({ today }));
  return said.filter((line) => refusing.has(line.split(":")[0]!));
}

test.each(Object.keys(environments))(
  "%s: no rule refuses what the schema documents, in any tier",
  async (kind) => {
    const environment = environments[kind]!;
    const files = Object.fromEntries(
      tierNames.flatMap((tier) =>
        (["low", "top", "end"] as const).map((end): [string, object] => {
          const name = `${tier}-${end}`;
          const place = placeOf(environment, name, tier);
          return [
            name,
            end === "end"
              ? fileAt(1, place, ["host", "replicas", "workers", "databaseConnections"])
              : fileAt(end === "low" ? 0 : 1, place, ["delete"]),
          ];
        }),
      ),
    );
    expect(await refusalsOf(environment, files)).toEqual([]);
  },
);

// One step past a bound that a rule has: the check of the file says it, so no preview has to.
test.each<[string, Tier, object, string, Environment?]>([
  ["replicas", "production", { replicas: 1 }, "production-has-replicas allows 2 or more"],
  [
    "tokens.ci.role",
    "production",
    { tokens: { ci: { role: "admin", expires: today } } },
    "token-has-allowed-role allows read, edit, manage",
  ],
  ...tierNames.map((tier): [string, Tier, object, string] => [
    "tokens.ci.expires",
    tier,
    { tokens: { ci: { role: "read", expires: dayPast(tier) } } },
    "token-expires-in-time allows ",
  ]),
  [
    "deletedExperimentRetention",
    "standard",
    { deletedExperimentRetention: "36d" },
    "database-backup-outlasts-retention allows 35d or less",
  ],
  [
    "deletedExperimentRetention",
    "standard",
    { deletedExperimentRetention: "9d" },
    "database-backup-outlasts-retention allows 8d or less",
    aws({ backupRetention: "8d" }),
  ],
])(
  "a file with %s past the bound of tier %s is refused by its own check",
  (path, tier, part, words, environment = environments["aws"]!) => {
    const { errors } = read(environment, { shop: { ...required, tier, ...part } });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      new RegExp(`instances/shop\\.yaml:\\d+:\\d+ ${path}: is .*; the policy ${words}`),
    );
  },
);

test("what stacks/policies.json lifts, the check of a file lets pass, and a wrong one is an error", () => {
  const file = {
    ...required,
    tier: "production",
    replicas: 1,
    tokens: { ci: { role: "admin", expires: dayPast("production") } },
  };
  const errorsWith = (policies: object) =>
    read(environments["aws"]!, { shop: file }, policies).errors;
  const exclusions = [
    { instance: "shop", reason: "its client can't rotate before spring", until: today },
  ];
  expect(errorsWith({})).toHaveLength(3);
  expect(
    errorsWith({
      "token-expires-in-time": { maxDays: { tiers: { production: 120 } } },
      "token-has-allowed-role": { exclusions },
      "production-has-replicas": "advisory",
    }),
  ).toEqual([]);
  expect(errorsWith({ all: "disabled", "token-has-allowed-role": "mandatory" })).toHaveLength(1);
  expect(errorsWith({ "token-expires-in-time": { maxDay: 3 } })[0]).toMatch(
    /^stacks\/policies\.json: token-expires-in-time: /,
  );
});

function dayPast(tier: Tier): string {
  const days = policyDefaults(tier).tokenDays + 1;
  return new Date(Date.parse(today) + days * 24 * 3600 * 1000).toISOString().slice(0, 10);
}
