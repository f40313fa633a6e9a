// `RunPlugin`: a policy pack or a component package is a Node program that serves a protocol; its
// output is streamed to the engine, whose first line is the port.
import type * as grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import type { RunPluginRequest, RunPluginResponse } from "@pulumi/pulumi/proto/language_pb.js";
import { toRpcError } from "../shared/rpcErrors.ts";
import { end, start } from "./children.ts";
import { shimPath } from "./modules.ts";
import { runtimeOptions } from "./runtimeOptions.ts";

type Call = grpc.ServerWritableStream<RunPluginRequest, RunPluginResponse>;

export function pluginArguments(request: RunPluginRequest): string[] {
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getProgram();
  const args = request.getArgsList();
  // The policy start script takes the engine's address first, then the folder; the other one the
  // folder, then the arguments.
  const own =
    request.getKind() === "analyzer"
      ? [shimPath("run-policy-pack", folder), args.at(-1) ?? "", folder]
      : [shimPath("run-plugin", folder), folder, ...args];
  return [...runtimeOptions(info?.getOptions()).nodeArguments, ...own];
}

function environment(request: RunPluginRequest): NodeJS.ProcessEnv {
  const entries = request.getEnvList().map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  });
  const given = { ...process.env, ...Object.fromEntries(entries) };
  if (runtimeOptions(request.getInfo()?.getOptions()).typescript) return given;
  // The start scripts always load ts-node, whose type check of a pack takes tens of seconds; with
  // everything ignored Node strips the types.
  return { TS_NODE_IGNORE: ".", ...given };
}

export function runPlugin(call: Call): void {
  const request = call.request;
  let args: string[];
  try {
    args = pluginArguments(request);
  } catch (error) {
    call.emit("error", toRpcError(error));
    return;
  }
  const folder = request.getInfo()?.getProgramDirectory() || request.getProgram();
  // `@pulumi/policy` reads the pack's version from package.json of the working directory.
  const cwd = request.getKind() === "analyzer" ? folder : request.getPwd() || process.cwd();
  const child = start(args, { cwd, env: environment(request), stdio: ["ignore", "pipe", "pipe"] });
  const send = (fill: (response: RunPluginResponse) => void): void => {
    if (call.cancelled) return;
    const response = new messages.RunPluginResponse();
    fill(response);
    call.write(response);
  };
  child.stdout?.on("data", (chunk: Buffer) => send((response) => response.setStdout(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => send((response) => response.setStderr(chunk)));
  child.once("error", (error) => call.emit("error", toRpcError(error)));
  child.once("close", (code) => {
    send((response) => response.setExitcode(code ?? 1));
    if (!call.cancelled) call.end();
  });
  // The engine ends a plugin by cancelling the call.
  call.on("cancelled", () => void end(child));
}
