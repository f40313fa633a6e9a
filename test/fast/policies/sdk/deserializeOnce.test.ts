import { createRequire } from "node:module";
import type { Policies } from "@pulumi/policy";
import { afterEach, expect, test } from "vitest";
import { deserializeOnce } from "../../../../policies/sdk/deserializeOnce.ts";
import { inside } from "../../../../policies/sdk/inside.ts";

const require = createRequire(import.meta.url);
const server = require("@pulumi/policy/server.js");
const {
  AnalyzeRequest,
  AnalyzerResource,
  AnalyzerResourceOptions,
  AnalyzeStackRequest,
} = require("@pulumi/pulumi/proto/analyzer_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

/** A message with properties that counts how often they are read. */
function counted<T>(
  message: T & { setProperties(value: unknown): void; setOptions(value: unknown): void },
): {
  message: T;
  reads: () => number;
} {
  const properties = Struct.fromJavaScript({ metadata: { name: "shop" } });
  const toJavaScript = properties.toJavaScript.bind(properties);
  let reads = 0;
  properties.toJavaScript = () => {
    reads += 1;
    return toJavaScript();
  };
  message.setProperties(properties);
  message.setOptions(new AnalyzerResourceOptions());
  return { message, reads: () => reads };
}

const seen: unknown[] = [];
const { deserialize } = inside!;
const original = deserialize.deserializeProperties;
afterEach(() => {
  deserialize.deserializeProperties = original;
  seen.length = 0;
});
const names = ["first", "second", "third"];
const policies: Policies = [
  ...names.map((name) => ({
    name: `${name}-of-resource`,
    description: name,
    validateResource: ({ props }: { props: Record<string, any> }) =>
      void seen.push(props["metadata"].name),
    remediateResource: ({ props }: { props: Record<string, any> }) => {
      props["metadata"].name += "!";
      return props;
    },
  })),
  ...names.map((name) => ({
    name: `${name}-of-stack`,
    description: name,
    validateStack: ({ resources }: { resources: { props: Record<string, any> }[] }) =>
      void seen.push(resources[0]?.props["metadata"].name),
  })),
];

type Call = "makeAnalyzeRpcFun" | "makeAnalyzeStackRpcFun" | "makeRemediateRpcFun";

const ask = (call: Call, request: unknown, level = "mandatory"): Promise<any> =>
  new Promise((resolve, reject) =>
    server[call](
      "pack",
      "1.0.0",
      level,
      policies,
    )({ request }, (error: Error | undefined, reply: unknown) =>
      error === undefined || error === null ? resolve(reply) : reject(error),
    ),
  );

async function readsOf(): Promise<{ resource: number; stack: number }> {
  const resource = counted(new AnalyzeRequest());
  await ask("makeAnalyzeRpcFun", resource.message);
  const member = counted(new AnalyzerResource());
  const stack = new AnalyzeStackRequest();
  stack.setResourcesList([member.message]);
  await ask("makeAnalyzeStackRpcFun", stack);
  return { resource: resource.reads(), stack: member.reads() };
}

// Fails when a new SDK reads in another way: then the patch does nothing and has to go or to
// change.
test("the SDK reads properties for every rule by itself, and once with us", async () => {
  expect(await readsOf()).toEqual({ resource: 3, stack: 3 });
  deserializeOnce();
  expect(await readsOf()).toEqual({ resource: 1, stack: 1 });
  expect(seen).toEqual(Array.from({ length: 12 }, () => "shop"));
});

test("what a remedy changes is not what the rules of another request see", async () => {
  deserializeOnce();
  const { message } = counted(new AnalyzeRequest());
  const reply = await ask("makeRemediateRpcFun", message, "remediate");
  expect(reply.toObject().remediationsList).toHaveLength(3);
  await ask("makeAnalyzeRpcFun", message);
  expect(seen).toEqual(["shop", "shop", "shop"]);
});
