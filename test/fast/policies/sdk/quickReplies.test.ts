import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namespace } from "../fixtures.ts";
import { analyzeRequest, callsOf, servedPack } from "../servedPack.ts";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

const rule = "namespace-enforces-restricted";
const { REMEDIATE, MANDATORY } = messages.EnforcementLevel;

const unlabelled = () =>
  analyzeRequest(namespace({ "pod-security.kubernetes.io/enforce": undefined }));

const configuration = (level: number) => {
  const config = new messages.PolicyConfig();
  config.setEnforcementlevel(level);
  config.setProperties(Struct.fromJavaScript({}));
  const request = new messages.ConfigureAnalyzerRequest();
  request.getPolicyconfigMap().set(rule, config);
  return request;
};

/**
 * Calls of the whole pack over the wire, because that is where what nobody asks for is left unread.
 */
const calls = async () =>
  callsOf((await servedPack(join(import.meta.dirname, "..", "..", "..", "..", "policies"))).client);

test("a pack remedies from the moment a configuration asks for it, and no longer", async () => {
  const call = await calls();
  const remediesAt = async (level: number): Promise<string[]> => {
    await call("configure", configuration(level));
    return (await call("remediate", unlabelled())).remediationsList.map(
      ({ policyname }) => policyname,
    );
  };

  expect((await call("remediate", unlabelled())).remediationsList).toEqual([]);
  expect(await remediesAt(REMEDIATE)).toEqual([rule]);
  expect(await remediesAt(MANDATORY)).toEqual([]);
});

test("a pack judges what a rule looks at, and reads nothing of other types", async () => {
  const call = await calls();
  const problemsOf = async (request: unknown): Promise<string[]> =>
    (await call("analyze", request)).diagnosticsList.map(({ policyname }) => policyname);
  expect(await problemsOf(unlabelled())).toContain(rule);
  for (const [type, is] of [
    ["example:index:Thing", "unread"],
    // Too long to be told at a glance.
    [`example:${"a".repeat(200)}:Thing`, "read"],
  ] as const) {
    const other = unlabelled();
    other.setType(type);
    // What would fail whoever reads it.
    other.clearProperties();
    const outcome = await problemsOf(other).then(
      (problems) => (problems.length === 0 ? "unread" : "judged"),
      () => "read",
    );
    expect([type, outcome]).toEqual([type, is]);
  }
});
