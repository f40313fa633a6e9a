import { expect, test } from "vitest";
import { problemsOf } from "../../../components/internal/validation.ts";
import type { TokenIssuer, Workload } from "../../../components/workloadSettings.ts";
import { instanceArgs } from "../../support/instance.ts";

const gitlab: TokenIssuer = { name: "gitlab", url: "https://gitlab.example.com" };
const train: Workload = {
  name: "train",
  issuer: "gitlab",
  role: "edit",
  match: { project_path: "fraud/train" },
};
const key = { kty: "RSA", n: "x", e: "x" };

const said = (issuer: Partial<TokenIssuer>, workload: Partial<Workload> = {}) => {
  const base = instanceArgs();
  return problemsOf({
    ...base,
    platform: { ...base.platform, issuers: [{ ...gitlab, ...issuer }] },
    workloads: [{ ...train, ...workload }],
  }).map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
};

test("what is right", () => {
  expect(said({})).toEqual([]);
  expect(said({ ci: "gitlab", keys: JSON.stringify({ keys: [key] }) })).toEqual([]);
});

test.each<[string, string, Partial<TokenIssuer>, Partial<Workload>?]>([
  ["platform.issuers[0].url", "must be an https:// URL", { url: "http://gitlab.example.com" }],
  ["platform.issuers[0].url", "must be an https:// URL", { url: "https://a@gitlab.example.com" }],
  ["platform.issuers[0].url", "must be an https:// URL", { url: "gitlab.example.com" }],
  ["platform.issuers[0].audience", "must not be empty", { audience: "" }],
  ["platform.issuers[0].ci", "must be one of", { ci: "jenkins" as never }],
  ["platform.issuers[0].keys", "must be the JSON text of a key set", { keys: "-----BEGIN" }],
  ["platform.issuers[0].keys", "must have a list of keys", { keys: "{}" }],
  ["platform.issuers[0].keys", "must have a list of keys", { keys: '{"keys":[]}' }],
  ["platform.issuers[0].keys", "must have an RSA key", { keys: '{"keys":[{"kty":"OKP"}]}' }],
  ["platform.issuers[0].keys", "must have an RSA key", { keys: '{"keys":[5,null,"d"]}' }],
  [
    "platform.issuers[0].keys",
    "must hold public keys only",
    { keys: JSON.stringify({ keys: [{ ...key, d: "secret" }] }) },
  ],
  [
    "platform.issuers[0].cidrs",
    "must be the addresses of the cluster",
    { cluster: true, cidrs: [] },
  ],
  ["workloads[0].name", "must match", {}, { name: "Train" }],
  ["workloads[0].role", "must be one of", {}, { role: "owner" as never }],
  ["workloads[0].issuer", "must be one of the issuers: gitlab", {}, { issuer: "github" }],
  ["workloads[0].match", "must name a claim", {}, { match: {} }],
  ["workloads[0].match.ref", "must be a text", {}, { match: { ref: true as never } }],
])("%s: %s", (path, reason, issuer, workload) => {
  const found = said(issuer, workload);
  expect(found.filter((each) => each.startsWith(`${path}: ${reason}`))).toHaveLength(1);
  expect(found.join()).not.toContain("secret");
});

test("a workload and a token of one name", () => {
  const base = instanceArgs();
  const named = { ...base, platform: { ...base.platform, issuers: [gitlab] } };
  const token = { name: "train", role: "read", expires: "2027-01-01" } as const;
  expect(
    problemsOf({ ...named, tokens: [token], workloads: [train] }).map(({ reason }) => reason),
  ).toEqual(['"train" is the name of a token, too']);
  expect(
    problemsOf({ ...named, tokens: [], workloads: [train, train] }).map(({ reason }) => reason),
  ).toEqual(['"train" is the name of another workload, too']);
});
