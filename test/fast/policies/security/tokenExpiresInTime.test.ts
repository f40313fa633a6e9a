import { expect, test } from "vitest";
import { tokenExpiresInTime } from "../../../../policies/security/tokenExpiresInTime.ts";
import { changed, credentials, tokens, tokensWith } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const ending = (expires: unknown, tier?: string) =>
  tokensWith([{ name: "ci", role: "edit", expires }], tier);
const message = (expires: string, latest = "2027-05-21", most = 180) =>
  `The token ci ends on ${expires}; set tokens.ci.expires to ${latest} or earlier (${most} days from today).`;

/** As a preview sees it: the file is not known, and the annotation tells what is in it. */
const previewed = (declared: object | string | undefined): Given => {
  const file = changed(tokens, ["data", "tokens.json"], unknown);
  const text = typeof declared === "object" ? JSON.stringify(declared) : declared;
  return changed(
    file,
    ["metadata", "annotations"],
    text === undefined ? undefined : { "mlflow-instances/tokens": text },
  );
};

resourceContract(tokenExpiresInTime, {
  passes: {
    "a token within the bound": tokens,
    "one on its last day": ending("2027-05-21"),
    "one that has ended": ending("2020-01-01"),
    "no token": tokensWith([]),
    "a new token in a preview": previewed({ ci: { role: "edit", expires: "2027-05-21" } }),
  },
  breaks: ending("2028-11-22"),
  message: message("2028-11-22"),
  unknown: [
    { given: previewed(undefined), later: ["data.tokens.json"] },
    {
      given: previewed({ ci: { role: "edit", expires: "2027-05-22" } }),
      later: [],
      violations: [message("2027-05-22")],
    },
  ],
  ignores: {
    "another Secret": credentials,
    "another Secret that a preview can't know": changed(credentials, ["data"], unknown),
    "a Secret of no instance": changed(ending("2028-11-22"), ["metadata"], {
      name: "mlflow-tokens",
      namespace: "other",
    }),
    "another type": { ...ending("2028-11-22"), type: "kubernetes:core/v1:ConfigMap" },
  },
});

/** Both values of a token that is rotated. */
const rotated = (until: string, created?: { now?: string; before?: string }): Given =>
  tokensWith([
    { name: "ci", role: "edit", expires: "2027-05-21", generation: 2, created: created?.now },
    { name: "ci", role: "edit", expires: until, generation: 1, created: created?.before },
  ]);

test("a value lives from the day on which it was made; another one has a life of its own", async () => {
  const made = (created: string): Given =>
    tokensWith([{ name: "ci", role: "edit", expires: "2027-05-01", created }]);
  expect(await judge(tokenExpiresInTime, made("2026-11-02"))).toEqual(clean);
  expect((await judge(tokenExpiresInTime, made("2026-11-01"))).violations).toEqual([
    "The token ci ends on 2027-05-01; set tokens.ci.expires to 2027-04-30 or earlier (180 days from 2026-11-01, when it was made), or raise its generation.",
  ]);
  // A day that is yet to come, and what is none, give no longer life.
  for (const created of ["2027-01-01", "0", "soon"])
    expect(
      (
        await judge(
          tokenExpiresInTime,
          tokensWith([{ name: "ci", role: "edit", expires: "2027-05-22", created }]),
        )
      ).violations,
    ).toEqual([message("2027-05-22")]);
});

test("the value before is bound by its own day", async () => {
  expect(await judge(tokenExpiresInTime, rotated("2026-12-28", { before: "2026-07-01" }))).toEqual(
    clean,
  );
  expect(
    (await judge(tokenExpiresInTime, rotated("2026-12-29", { before: "2026-07-01" }))).violations,
  ).toEqual([
    "The previous value of the token ci ends on 2026-12-29; set tokens.ci.previousValidUntil to 2026-12-28 or earlier (180 days from 2026-07-01, when it was made), or raise its generation.",
  ]);
});

test("an annotation of before 2026-12 is read, and that of today", async () => {
  const values = [{ name: "ci", role: "edit", generation: 1, expires: "2027-05-22" }];
  for (const declared of [values, { ci: { role: "edit", expires: "2027-05-22" } }])
    expect((await judge(tokenExpiresInTime, previewed(declared))).violations).toEqual([
      message("2027-05-22"),
    ]);
});

const farther = { config: { maxDays: { environments: { local: 366 } } } };

test("the bound of production is nearer, and an environment's may be further", async () => {
  expect(await judge(tokenExpiresInTime, ending("2027-02-20", "production"))).toEqual(clean);
  expect((await judge(tokenExpiresInTime, ending("2027-02-21", "production"))).violations).toEqual([
    message("2027-02-21", "2027-02-20", 90),
  ]);
  const local = changed(
    ending("2027-11-23"),
    ["metadata", "labels", "mlflow-instances/environment"],
    "local",
  );
  expect(await judge(tokenExpiresInTime, local, farther)).toEqual(clean);
});

test("the environment of an object without labels is its stack", async () => {
  const given = {
    ...changed(ending("2027-11-23"), ["metadata", "labels"], {}),
    urn: "urn:pulumi:local::mlflow-instances::x::y",
  };
  expect(await judge(tokenExpiresInTime, given, farther)).toEqual(clean);
});

test("another bound by configuration", async () => {
  const config = { maxDays: { environments: { dev: 30 }, tiers: { production: 10 } } };
  expect(
    (await judge(tokenExpiresInTime, ending("2027-02-20", "production"), { config })).violations,
  ).toEqual([message("2027-02-20", "2026-12-22", 30)]);
});

test.each([undefined, null, 20270220, "next year", "2027-2-1"])(
  "%o is no last day",
  async (expires) => {
    expect((await judge(tokenExpiresInTime, ending(expires))).violations).toEqual([
      "The token ci has no last day; set tokens.ci.expires to 2027-05-21 or earlier.",
    ]);
  },
);

test("the file counts where it is known, not what the annotation says", async () => {
  const given = changed(ending("2028-11-22"), ["metadata", "annotations"], {
    "mlflow-instances/tokens": "{}",
  });
  expect((await judge(tokenExpiresInTime, given)).violations).toEqual([message("2028-11-22")]);
});

test.each([
  changed(tokens, ["data", "tokens.json"], "bm8gSlNPTg=="),
  changed(tokens, ["data", "tokens.json"], "e30="),
  previewed("["),
])("what is no list is refused without a word of it", async (given) => {
  expect((await judge(tokenExpiresInTime, given)).violations).toEqual([
    "tokens.json (or the annotation mlflow-instances/tokens) is no list of tokens.",
  ]);
});

test("the token file is known by its Secret's name, its label or what is in it", async () => {
  const component = ["metadata", "labels", "app.kubernetes.io/component"];
  const bad = ending("2028-11-22");
  const unnamed = changed(bad, ["metadata", "name"], "other");
  for (const given of [
    changed(bad, component, undefined),
    unnamed,
    changed(unnamed, component, undefined),
    changed(unnamed, component, "x"),
  ])
    expect((await judge(tokenExpiresInTime, given)).violations).toEqual([message("2028-11-22")]);
  const hidden = [["data", "tokens.json"], unknown] as const;
  for (const given of [changed(bad, component, undefined), unnamed])
    expect((await judge(tokenExpiresInTime, changed(given, ...hidden))).later).toHaveLength(1);
});
