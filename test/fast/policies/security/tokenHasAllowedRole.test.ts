import { expect, test } from "vitest";
import { tokenHasAllowedRole } from "../../../../policies/security/tokenHasAllowedRole.ts";
import { changed, credentials, tokens, tokensWith } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const withRole = (role: string | undefined, tier: string) =>
  tokensWith(
    [{ name: "ops", ...(role === undefined ? {} : { role }), expires: "2027-02-20" }],
    tier,
  );
const broken = withRole("admin", "production");
const message = "The token ops has the role admin; set tokens.ops.role to read, edit or manage.";
const previewed = (declared: object) =>
  changed(changed(broken, ["data", "tokens.json"], unknown), ["metadata", "annotations"], {
    "mlflow-instances/tokens": JSON.stringify(declared),
  });

resourceContract(tokenHasAllowedRole, {
  passes: {
    "a token of a team": tokens,
    "an admin outside of production": withRole("admin", "standard"),
    "a manager in production": withRole("manage", "production"),
    "what is no list, of which another rule speaks": changed(
      tokens,
      ["data", "tokens.json"],
      "bm8gSlNPTg==",
    ),
  },
  breaks: broken,
  message,
  unknown: [
    { given: changed(broken, ["data", "tokens.json"], unknown), later: ["data.tokens.json"] },
    {
      given: previewed({ ops: { role: "admin", expires: "2027-02-20" } }),
      later: [],
      violations: [message],
    },
  ],
  ignores: {
    "another Secret": credentials,
    "another Secret that a preview can't know": changed(credentials, ["data"], unknown),
    "another type": { ...broken, type: "kubernetes:core/v1:ConfigMap" },
  },
});

test("a role that MLflow's instances don't know", async () => {
  expect((await judge(tokenHasAllowedRole, withRole("owner", "standard"))).violations).toEqual([
    "The token ops has the role owner; set tokens.ops.role to read, edit, manage or admin.",
  ]);
  expect((await judge(tokenHasAllowedRole, withRole(undefined, "standard"))).violations).toEqual([
    "The token ops has the role undefined; set tokens.ops.role to read, edit, manage or admin.",
  ]);
});

test("other roles by configuration", async () => {
  const config = { roles: { environments: { dev: ["read"] } } };
  expect((await judge(tokenHasAllowedRole, tokens, { config })).violations).toEqual([
    "The token ci has the role edit; set tokens.ci.role to read.",
  ]);
  expect(await judge(tokenHasAllowedRole, withRole("read", "production"), { config })).toEqual(
    clean,
  );
});

const ofWorkload = JSON.stringify([
  { name: "train", issuer: "gitlab", role: "admin", match: { project_path: "a" } },
]);
const said =
  "The workload train has the role admin; set workloads.train.role to read, edit or manage.";

test("workloads in the file are judged, and not the annotation beside it", async () => {
  const file = Buffer.from(`{"workloads":${ofWorkload}}`).toString("base64");
  const inFile = changed(withRole("read", "production"), ["data", "workloads.json"], file);
  expect((await judge(tokenHasAllowedRole, inFile)).violations).toEqual([said]);
  const right = Buffer.from('{"workloads":[]}').toString("base64");
  const annotated = changed(inFile, ["metadata", "annotations"], {
    "mlflow-instances/workloads": ofWorkload,
  });
  expect(
    (await judge(tokenHasAllowedRole, changed(annotated, ["data", "workloads.json"], right)))
      .violations,
  ).toEqual([]);
});

test("workloads of a Secret that a preview can't know are judged by its annotation", async () => {
  const hidden = changed(
    changed(withRole("read", "production"), ["data"], unknown),
    ["metadata", "annotations"],
    {
      "mlflow-instances/tokens": "[]",
      "mlflow-instances/workloads": ofWorkload,
    },
  );
  expect((await judge(tokenHasAllowedRole, hidden)).violations).toEqual([said]);
});
