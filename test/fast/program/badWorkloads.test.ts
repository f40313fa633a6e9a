import { describe, expect, test } from "vitest";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { errorsOf, good } from "./instanceFiles.ts";
import { fixtureEnvironment } from "./support.ts";

const identity = {
  issuers: {
    gitlab: { url: "https://gitlab.example.com", bounds: { project_path: ["fraud/**", "ops/x"] } },
    kubernetes: {
      url: "https://kubernetes.default.svc",
      cidrs: ["10.0.0.1/32"],
      bounds: { namespace: ["fraud-*"] },
    },
  },
};
const environment = fixtureEnvironment((values) => {
  values.identity = structuredClone(identity);
});
const errors = (workload: string, more = "") =>
  errorsOf({ "shop.yaml": `${good}${more}workloads:\n  train: ${workload}\n` }, environment);

const match = "match: { project_path: fraud/train }";

test("workloads that are right", () => {
  expect(errors(`{ issuer: gitlab, role: edit, ${match} }`)).toEqual([]);
  expect(
    errors('{ issuer: gitlab, role: edit, match: { project_path: ops/x, ref_protected: "true" } }'),
  ).toEqual([]);
  expect(
    errors("{ issuer: kubernetes, role: read, match: { namespace: fraud-a, serviceAccount: s } }"),
  ).toEqual([]);
});

describe("workloads that are refused", () => {
  test.each([
    [
      `{ issuer: jenkins, role: edit, ${match} }`,
      '5:12 workloads.train.issuer: is "jenkins", but must be one of the issuers: gitlab, kubernetes',
    ],
    [
      "{ issuer: gitlab, role: edit, match: {} }",
      "5:40 workloads.train.match: must name a claim: every job would be let in",
    ],
    [
      '{ issuer: gitlab, role: edit, match: { ref_protected: "true" } }',
      "5:40 workloads.train.match: has no project_path; the environment allows fraud/**, ops/x for the issuer gitlab",
    ],
    [
      "{ issuer: gitlab, role: edit, match: { project_path: ops/xy } }",
      '5:49 workloads.train.match.project_path: is "ops/xy"; the environment allows fraud/**, ops/x for the issuer gitlab',
    ],
    [
      "{ issuer: gitlab, role: edit, match: { project_path: fraud/a, ref_protected: true } }",
      "5:72 workloads.train.match.ref_protected: is true; claims are compared as texts, write it in quotation marks",
    ],
    [
      "{ issuer: kubernetes, role: read, match: { namespace: fraud-a } }",
      "5:44 workloads.train.match: must be exactly namespace and serviceAccount, for a workload of the cluster",
    ],
    [
      "{ issuer: kubernetes, role: read, match: { namespace: other, serviceAccount: s } }",
      '5:53 workloads.train.match.namespace: is "other"; the environment allows fraud-* for the issuer kubernetes',
    ],
    [
      `{ issuer: gitlab, role: owner, ${match} }`,
      '5:28 workloads.train.role: is "owner", not one of read, edit, manage, admin',
    ],
  ])("%s", (workload, said) => {
    expect(errors(workload)).toEqual([`shop.yaml:${said}`]);
  });

  test("one with the name of a token", () => {
    expect(
      errors(
        `{ issuer: gitlab, role: edit, ${match} }`,
        "tokens: { train: { role: read, expires: 2027-01-01 } }\n",
      ),
    ).toEqual(['shop.yaml:6:3 workloads.train.name: "train" is the name of a token, too']);
  });
});

describe("issuers that are refused", () => {
  const said = (change: (issuers: any) => void) => {
    const values = structuredClone(environment) as any;
    delete values.name;
    change(values.identity.issuers);
    const config = {
      stack: "local",
      keys: new Map([["environment", { secret: false, plain: JSON.stringify(values) }]]),
    };
    return parseEnvironment(config)
      .problems.filter(({ path }) => path[1] === "identity")
      .map(({ path, message }) => `${path.slice(2).join(".")}: ${message}`);
  };

  test("one without TLS", () => {
    expect(said((issuers) => (issuers.gitlab.url = "http://gitlab.example.com"))).toEqual([
      'issuers.gitlab.url: is "http://gitlab.example.com"; expected an https:// URL, as the claim iss of the tokens has it',
    ]);
  });

  test("one whose audience is of another host", () => {
    expect(said((issuers) => (issuers.gitlab.audience = "https://vault.example.org"))).toEqual([
      "issuers.gitlab.audience: is of the host vault.example.org, outside the environment's domain mlflow.test: a token for another service would open instances",
    ]);
    expect(said((issuers) => (issuers.gitlab.audience = "mlflow"))).toEqual([]);
  });

  test("one without bounds", () => {
    expect(said((issuers) => delete issuers.gitlab.bounds)).toEqual([
      "issuers.gitlab.bounds: is missing",
    ]);
    expect(said((issuers) => (issuers.gitlab.bounds = {}))).toEqual([
      "issuers.gitlab.bounds: is empty; name a claim that each workload has to match, with its values",
    ]);
  });
});
