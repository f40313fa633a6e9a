// `InstallDependencies`: what `pulumi install` does for a Node project.
import { spawn } from "node:child_process";
import { dirname, delimiter } from "node:path";
import type * as grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import type {
  InstallDependenciesRequest,
  InstallDependenciesResponse,
} from "@pulumi/pulumi/proto/language_pb.js";
import { UserError } from "../shared/provider.ts";
import { toRpcError } from "../shared/rpcErrors.ts";
import { runtimeOptions } from "./runtimeOptions.ts";

const managers = new Set(["npm", "pnpm", "yarn", "bun"]);

export function installDependencies(
  call: grpc.ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): void {
  const request = call.request;
  const folder = request.getInfo()?.getProgramDirectory() || request.getDirectory();
  const manager = runtimeOptions(request.getInfo()?.getOptions()).packageManager;
  if (!managers.has(manager)) {
    call.emit(
      "error",
      toRpcError(
        new UserError(
          `runtime.options.packagemanager: unknown package manager "${manager}"; one of ${[...managers].join(", ")}`,
        ),
      ),
    );
    return;
  }
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
  const child = spawn(manager, ["install"], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const send = (fill: (response: InstallDependenciesResponse) => void): void => {
    const response = new messages.InstallDependenciesResponse();
    fill(response);
    call.write(response);
  };
  child.stdout.on("data", (chunk: Buffer) => send((response) => response.setStdout(chunk)));
  child.stderr.on("data", (chunk: Buffer) => send((response) => response.setStderr(chunk)));
  child.once("error", (error) =>
    call.emit("error", toRpcError(new UserError(`could not start ${manager}: ${error.message}`))),
  );
  child.once("close", (code) => {
    if (code === 0) call.end();
    else
      call.emit(
        "error",
        toRpcError(new UserError(`${manager} install in ${folder} failed with exit code ${code}`)),
      );
  });
  call.on("cancelled", () => child.kill("SIGINT"));
}
