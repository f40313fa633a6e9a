import { describe, expect, test } from "vitest";
import type { Environment } from "../../../program/environment/environment.ts";
import { instanceFileSchema } from "../../../program/instance/file.ts";
import { judge } from "../../../program/instance/problems.ts";
import type { DeployedToken } from "../../../program/instance/tokenGenerations.ts";
import { showPath } from "../../../program/values/problems.ts";
import { fixtureEnvironment } from "./support.ts";

const today = "2026-11-22";
const first: DeployedToken = { generation: 1, created: "2026-07-01", previousCreated: undefined };
const second: DeployedToken = { generation: 2, created: today, previousCreated: "2026-07-01" };

/** `none`: the instance is deployed without that token. */
function problemsOf(
  token: object,
  deployed?: DeployedToken | "none",
  policies = {},
  bounds: Environment["bounds"] = {},
): string[] {
  const file = instanceFileSchema.parse({
    team: "shop",
    owner: "shop@example.com",
    description: "d",
    tokens: { ci: { role: "edit", ...token } },
  });
  const known = deployed === "none" ? [] : [["ci", deployed!] as const];
  const tokens = deployed && new Map(known);
  const environment = { ...fixtureEnvironment(), bounds };
  return judge(environment, "shop", file, {
    policies,
    today,
    deployed: tokens,
  }).problems.map(({ path, message }) => `${showPath(path)}: ${message}`);
}
const next = { generation: 2, expires: "2027-05-21", previousValidUntil: "2026-12-20" };

test("a token is delivered only where the environment allows it", () => {
  const deliverTo = { namespace: "shop-training", name: "mlflow" };
  const found = (tokenNamespaces?: string[]) =>
    problemsOf({ expires: today, deliverTo }, undefined, {}, { tokenNamespaces });
  for (const pattern of ["shop-training", "*-training", "shop-*", "*"])
    expect(found(["other", pattern]), pattern).toEqual([]);
  for (const pattern of ["training", "shop", "shop-training-*", "-training"])
    expect(found([pattern])).toEqual([
      `tokens.ci.deliverTo.namespace: is "shop-training"; the environment's bounds.tokenNamespaces allows ${pattern}`,
    ]);
  expect(found()[0]).toMatch(/allows none$/);
});

describe("a rotation", () => {
  test.each<[string, object, DeployedToken | undefined]>([
    ["of a deployed token", next, first],
    ["that is done", next, second],
    ["that is over: the file stays right", { ...next, previousValidUntil: "2026-11-21" }, second],
    ["without overlap", { generation: 2, expires: "2027-05-21" }, first],
    ["in a stack that is built again", { ...next, previousValidUntil: "2026-01-01" }, undefined],
    ["of a token that is over", { expires: "2026-11-21" }, first],
  ])("is right: %s", (_, token, deployed) => expect(problemsOf(token, deployed)).toEqual([]));

  test.each<[string, object, DeployedToken | "none" | undefined, string]>([
    [
      "back to a value that is gone",
      { generation: 1, expires: "2026-12-01" },
      second,
      "generation: is 1, but 2 is deployed, and it only rises",
    ],
    [
      "by two",
      { ...next, generation: 3 },
      first,
      "generation: is 3, but 1 is deployed; the next one is 2",
    ],
    [
      "to a value that is over",
      { generation: 2, expires: "2026-11-21" },
      first,
      "expires: is 2026-11-21, which is over; a new value needs a day from 2026-11-22 on",
    ],
    [
      "no rotation, but a new token that is over",
      { expires: "2026-11-21" },
      "none",
      "expires: is 2026-11-21, which is over; a new value needs a day from 2026-11-22 on",
    ],
    [
      "that is over before it begins",
      { ...next, previousValidUntil: "2026-11-21" },
      first,
      "previousValidUntil: is 2026-11-21, which is over; the value in use would be refused at once. Set a day from 2026-11-22 on, or leave it out to revoke that value",
    ],
    [
      "of the first value",
      { expires: "2027-05-21", previousValidUntil: "2026-12-20" },
      undefined,
      "previousValidUntil: needs a generation of 2 or more: the first has no value before it",
    ],
    [
      "in which the value before outlives the new one",
      { ...next, expires: "2026-12-19" },
      first,
      'previousValidUntil: is "2026-12-20", but must not be after expires, 2026-12-19',
    ],
    [
      "that gives the value before a longer life than one value has",
      { ...next, previousValidUntil: "2026-12-29" },
      first,
      "previousValidUntil: is 2026-12-29; the policy token-expires-in-time allows 2026-12-28 or earlier (180 days after 2026-07-01, when the value was made) for tier standard in local",
    ],
    [
      "that is done, and then extends the value before",
      { ...next, previousValidUntil: "2026-12-29" },
      second,
      "previousValidUntil: is 2026-12-29; the policy token-expires-in-time allows 2026-12-28 or earlier (180 days after 2026-07-01, when the value was made) for tier standard in local",
    ],
  ])("is refused: %s", (_, token, deployed, problem) =>
    expect(problemsOf(token, deployed)).toEqual([`tokens.ci.${problem}`]),
  );
});

test("the life of a value ends, however often its last day is moved", () => {
  expect(problemsOf({ expires: "2026-12-28" }, first)).toEqual([]);
  expect(problemsOf({ expires: "2026-12-29" }, first)).toEqual([
    "tokens.ci.expires: is 2026-12-29; the policy token-expires-in-time allows 2026-12-28 or earlier (180 days after 2026-07-01, when the value was made; the next generation has a life of its own) for tier standard in local",
  ]);
  const life = { "token-expires-in-time": { maxDays: { default: 365 } } };
  expect(problemsOf({ expires: "2026-12-29" }, first, life)).toEqual([]);
});

test("a value of before 2026-12, of which the day is not known, lives from today", () => {
  const old = { ...first, created: undefined };
  expect(problemsOf({ expires: "2027-05-21" }, old)).toEqual([]);
  expect(problemsOf({ expires: "2027-05-22" }, old)).toHaveLength(1);
});
