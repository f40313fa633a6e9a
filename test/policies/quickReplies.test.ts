import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namespace } from "./fixtures.ts";
import { servedPack } from "./servedPack.ts";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

const rule = "namespace-enforces-restricted";
const { REMEDIATE, MANDATORY } = messages.EnforcementLevel;

const unlabelled = () => {
  const { type, props, name } = namespace({ "pod-security.kubernetes.io/enforce": undefined });
  const request = new messages.AnalyzeRequest();
  request.setType(type);
  request.setName(name);
  request.setUrn(`urn:pulumi:dev::raw::${type}::${name}`);
  request.setProperties(Struct.fromJavaScript(props));
  request.setOptions(new messages.AnalyzerResourceOptions());
  return request;
};

const configuration = (level: number) => {
  const config = new messages.PolicyConfig();
  config.setEnforcementlevel(level);
  config.setProperties(Struct.fromJavaScript({}));
  const request = new messages.ConfigureAnalyzerRequest();
  request.getPolicyconfigMap().set(rule, config);
  return request;
};

// Over the wire, because that is where what nobody asks for is left unread.
test("a pack remedies from the moment a configuration asks for it, and no longer", async () => {
  const { client } = await servedPack(join(import.meta.dirname, "..", "..", "policies"));
  const call = (method: string, request: unknown): Promise<any> =>
    new Promise((resolve, reject) =>
      client[method](request, (error: Error | null, reply: unknown) => (error ? reject(error) : resolve(reply))),
    );
  const remediesAt = async (level: number): Promise<any[]> => {
    await call("configure", configuration(level));
    return (await call("remediate", unlabelled())).toObject().remediationsList.map(({ policyname }: { policyname: string }) => policyname);
  };

  expect((await call("remediate", unlabelled())).toObject().remediationsList).toEqual([]);
  expect(await remediesAt(REMEDIATE)).toEqual([rule]);
  expect(await remediesAt(MANDATORY)).toEqual([]);
});
