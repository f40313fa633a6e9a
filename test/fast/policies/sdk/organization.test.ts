import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import { expect, test } from "vitest";
import { hearOrganization, organization } from "../../../../policies/sdk/organization.ts";

const { AnalyzerStackConfigureRequest } = analyzer;

const sent = (name: string) =>
  new AnalyzerStackConfigureRequest().setStack("dev").setOrganization(name).serializeBinary();

test("what the engine tells comes first, then the variables of older engines", () => {
  const environment = { PULUMI_ORGANIZATION: "general" };
  expect(organization({})).toBeUndefined();
  expect(organization(environment)).toBe("general");
  expect(organization({ ...environment, PULUMI_NODEJS_ORGANIZATION: "of-node" })).toBe("of-node");

  hearOrganization();
  // The message is read as before.
  expect(AnalyzerStackConfigureRequest.deserializeBinary(sent("acme")).getStack()).toBe("dev");
  expect(organization(environment)).toBe("acme");
  AnalyzerStackConfigureRequest.deserializeBinary(sent(""));
  expect(organization(environment)).toBe("general");
});
