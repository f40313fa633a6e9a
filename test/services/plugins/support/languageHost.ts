// The language host as a process of its own, as the engine starts it, and a stand-in for the
// engine's side of a program run.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceMessages from "@pulumi/pulumi/proto/resource_pb.js";
import type * as engineWire from "@pulumi/pulumi/proto/engine_pb.js";
import type * as resourceWire from "@pulumi/pulumi/proto/resource_pb.js";
import { rpcError } from "../../../../local/plugins/shared/rpcErrors.ts";

export const hostScript = fileURLToPath(
  new URL("../../../../local/plugins/bin/pulumi-language-nodejs", import.meta.url),
);

export interface Host {
  process: ChildProcess;
  client: InstanceType<typeof languageServices.LanguageRuntimeClient>;
  /** What programs wrote to standard output. */
  output(): string;
  stop(): Promise<void>;
}

export async function startHost(engineAddress: string): Promise<Host> {
  const child = spawn(hostScript, [engineAddress], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the host ended with ${code}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(Number(text.slice(0, text.indexOf("\n"))));
    });
  });
  const client = new languageServices.LanguageRuntimeClient(
    `127.0.0.1:${port}`,
    grpc.credentials.createInsecure(),
  );
  return {
    process: child,
    client,
    output: () => text.slice(text.indexOf("\n") + 1),
    stop: async () => {
      client.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
    },
  };
}

export interface FakeEngine {
  address: string;
  /** Types and names that programs registered. */
  registered: string[];
  /** Outputs of the stack. */
  outputs: Record<string, unknown>;
  /** Messages that the SDK sent to the engine's log, by severity (3: error). */
  logs: { severity: number; message: string }[];
  stop(): void;
}

/**
 * Answers what the SDK asks while a program runs: enough to register a stack and component
 * resources.
 */
export async function startFakeEngine(): Promise<FakeEngine> {
  const engine: FakeEngine = {
    address: "",
    registered: [],
    outputs: {},
    logs: [],
    stop: () => server.forceShutdown(),
  };
  const answer =
    <Q, R>(work: (request: Q) => R): grpc.handleUnaryCall<Q, R> =>
    (call, callback) =>
      callback(null, work(call.request));
  let root = "";
  const server = new grpc.Server();
  const monitor: Record<string, grpc.UntypedHandleCall> = {
    supportsFeature: answer(() => new resourceMessages.SupportsFeatureResponse()),
    registerResource: answer((request: resourceWire.RegisterResourceRequest) => {
      engine.registered.push(`${request.getType()} ${request.getName()}`);
      const response = new resourceMessages.RegisterResourceResponse();
      response.setUrn(`urn:pulumi:stack::project::${request.getType()}::${request.getName()}`);
      response.setObject(request.getObject());
      return response;
    }),
    registerResourceOutputs: answer((request: resourceWire.RegisterResourceOutputsRequest) => {
      if (request.getUrn().includes("pulumi:pulumi:Stack"))
        engine.outputs = request.getOutputs()?.toJavaScript() as Record<string, unknown>;
      return new emptyMessages.Empty();
    }),
    signalAndWaitForShutdown: answer(() => new emptyMessages.Empty()),
  };
  const logger: Record<string, grpc.UntypedHandleCall> = {
    log: answer((request: engineWire.LogRequest) => {
      engine.logs.push({ severity: request.getSeverity(), message: request.getMessage() });
      return new emptyMessages.Empty();
    }),
    getRootResource: answer(() => {
      const response = new engineMessages.GetRootResourceResponse();
      response.setUrn(root);
      return response;
    }),
    setRootResource: answer((request: engineWire.SetRootResourceRequest) => {
      root = request.getUrn();
      return new engineMessages.SetRootResourceResponse();
    }),
  };
  const refuse: grpc.handleUnaryCall<unknown, never> = (_call, callback) =>
    callback(rpcError(grpc.status.UNIMPLEMENTED, "not in this test"));
  const complete = (
    definition: grpc.ServiceDefinition,
    parts: Record<string, grpc.UntypedHandleCall>,
  ): grpc.UntypedServiceImplementation =>
    Object.fromEntries(Object.keys(definition).map((name) => [name, parts[name] ?? refuse]));
  server.addService(
    resourceServices.ResourceMonitorService,
    complete(resourceServices.ResourceMonitorService, monitor),
  );
  server.addService(engineServices.EngineService, complete(engineServices.EngineService, logger));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  engine.address = `127.0.0.1:${port}`;
  return engine;
}
