// The language runtime protocol: what the engine asks of the host of a language.
import * as grpc from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import type * as wire from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import { version as sdkVersion } from "@pulumi/pulumi/version.js";
import { rpcError, toRpcError } from "../shared/rpcErrors.ts";
import { endChildren } from "./children.ts";
import { installDependencies } from "./installDependencies.ts";
import { programDependencies, requiredPackages } from "./packages.ts";
import type { RequiredPackage } from "./packages.ts";
import { runPlugin } from "./runPlugin.ts";
import { runProgram } from "./runProgram.ts";

function unary<Q, R>(work: (request: Q) => Promise<R>): grpc.handleUnaryCall<Q, R> {
  return (call, callback) => {
    work(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toRpcError(error)),
    );
  };
}

function unimplemented(what: string): grpc.handleUnaryCall<unknown, never> {
  return (_call, callback) =>
    callback(
      rpcError(
        grpc.status.UNIMPLEMENTED,
        `${what} needs the official Node language host; this is its stand-in, which runs programs, policy packs and component packages`,
      ),
    );
}

function packageDependency(
  item: RequiredPackage,
): InstanceType<typeof pluginMessages.PackageDependency> {
  const message = new pluginMessages.PackageDependency();
  message.setKind("resource");
  message.setName(item.name);
  message.setVersion(item.version);
  message.setServer(item.server);
  if (item.parameterization) {
    const parameterization = new pluginMessages.PackageParameterization();
    parameterization.setName(item.parameterization.name);
    parameterization.setVersion(item.parameterization.version);
    parameterization.setValue(item.parameterization.value);
    message.setParameterization(parameterization);
  }
  return message;
}

function pluginDependency(
  item: RequiredPackage,
): InstanceType<typeof pluginMessages.PluginDependency> {
  const message = new pluginMessages.PluginDependency();
  message.setKind("resource");
  message.setName(item.name);
  message.setVersion(item.version);
  message.setServer(item.server);
  return message;
}

export function languageService(initialEngineAddress: string): grpc.UntypedServiceImplementation {
  let engineAddress = initialEngineAddress;
  return {
    handshake: unary(async (request: wire.LanguageHandshakeRequest) => {
      engineAddress = request.getEngineAddress() || engineAddress;
      return new messages.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(async () => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(sdkVersion);
      return info;
    }),
    about: unary(async () => {
      const response = new messages.AboutResponse();
      response.setExecutable(process.execPath);
      response.setVersion(process.version);
      return response;
    }),
    getRequiredPackages: unary(async (request: wire.GetRequiredPackagesRequest) => {
      const response = new messages.GetRequiredPackagesResponse();
      const found = await requiredPackages(
        request.getInfo()?.getProgramDirectory() || process.cwd(),
      );
      response.setPackagesList(found.map(packageDependency));
      return response;
    }),
    getRequiredPlugins: unary(async (request: wire.GetRequiredPluginsRequest) => {
      const response = new messages.GetRequiredPluginsResponse();
      const found = await requiredPackages(
        request.getInfo()?.getProgramDirectory() || request.getPwd(),
      );
      response.setPluginsList(found.map(pluginDependency));
      return response;
    }),
    getProgramDependencies: unary(async (request: wire.GetProgramDependenciesRequest) => {
      const response = new messages.GetProgramDependenciesResponse();
      const found = await programDependencies(
        request.getInfo()?.getProgramDirectory() || request.getPwd(),
        request.getTransitivedependencies(),
      );
      response.setDependenciesList(
        found.map(({ name, version }) => {
          const message = new messages.DependencyInfo();
          message.setName(name);
          message.setVersion(version);
          return message;
        }),
      );
      return response;
    }),
    run: unary(async (request: wire.RunRequest) => {
      const { error, bail } = await runProgram(request, engineAddress);
      const response = new messages.RunResponse();
      response.setError(error);
      response.setBail(bail);
      return response;
    }),
    runPlugin,
    installDependencies,
    cancel: unary(async () => {
      await endChildren();
      return new emptyMessages.Empty();
    }),
    runtimeOptionsPrompts: unary(async () => new messages.RuntimeOptionsResponse()),
    template: unary(async () => new messages.TemplateResponse()),
    generateProgram: unimplemented("GenerateProgram"),
    generateProject: unimplemented("GenerateProject"),
    generatePackage: unimplemented("GeneratePackage"),
    pack: unimplemented("Pack"),
    link: unimplemented("Link"),
  };
}
