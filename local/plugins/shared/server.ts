// The provider protocol, in both directions, around a `Provider`.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as wire from "@pulumi/pulumi/proto/provider_pb.js";
import { EngineLog } from "./engineLog.ts";
import { UserError } from "./provider.ts";
import type {
  CheckFailure,
  CheckRequest,
  CheckResult,
  Context,
  DiffKind,
  DiffRequest,
  DiffResult,
  Provider,
  ResourceHandler,
} from "./provider.ts";
import { rpcError, toRpcError } from "./rpcErrors.ts";
import { propertiesFromWire, propertiesToWire } from "./values.ts";
import type { Properties } from "./values.ts";

type Message = { getUrn(): string };

const kinds: Record<DiffKind, wire.PropertyDiff.Kind> = {
  add: messages.PropertyDiff.Kind.ADD,
  "add-replace": messages.PropertyDiff.Kind.ADD_REPLACE,
  delete: messages.PropertyDiff.Kind.DELETE,
  "delete-replace": messages.PropertyDiff.Kind.DELETE_REPLACE,
  update: messages.PropertyDiff.Kind.UPDATE,
  "update-replace": messages.PropertyDiff.Kind.UPDATE_REPLACE,
};

export function read(struct: Struct | undefined): Properties {
  return struct ? propertiesFromWire(struct.toJavaScript()) : {};
}

export function write(properties: Properties): Struct {
  return structMessages.Struct.fromJavaScript(propertiesToWire(properties));
}

export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

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
    callback(rpcError(grpc.status.UNIMPLEMENTED, `${what} is not part of this stand-in plugin`));
}

function checkResponse(result: CheckResult): wire.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(write(result.inputs));
  response.setFailuresList((result.failures ?? []).map(checkFailure));
  return response;
}

function checkFailure(failure: CheckFailure): wire.CheckFailure {
  const message = new messages.CheckFailure();
  message.setProperty(failure.property);
  message.setReason(failure.reason);
  return message;
}

function diffResponse(result: DiffResult): wire.DiffResponse {
  const response = new messages.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
  response.setChanges(result.changes ? DIFF_SOME : DIFF_NONE);
  response.setReplacesList(result.replaces ?? []);
  response.setDiffsList(result.diffs ?? []);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  if (result.detailedDiff) {
    response.setHasdetaileddiff(true);
    for (const [path, diff] of Object.entries(result.detailedDiff)) {
      const entry = new messages.PropertyDiff();
      entry.setKind(kinds[diff.kind]);
      entry.setInputdiff(diff.inputDiff);
      response.getDetaileddiffMap().set(path, entry);
    }
  }
  return response;
}

/** The gRPC service of a provider. `log` is the engine's, once its address is known. */
export function providerService(
  provider: Provider,
  log = new EngineLog(),
): grpc.UntypedServiceImplementation {
  const cancelled = new AbortController();

  const context = (request: Message, timeoutSeconds = 0): Context => {
    const urn = request.getUrn();
    const signal =
      timeoutSeconds > 0
        ? AbortSignal.any([cancelled.signal, AbortSignal.timeout(timeoutSeconds * 1000)])
        : cancelled.signal;
    return { urn, name: nameOf(urn), type: typeOf(urn), signal, log: log.for(urn) };
  };

  const handler = (request: Message): ResourceHandler => {
    const type = typeOf(request.getUrn());
    const found = provider.resource(type);
    if (found) return found;
    throw new UserError(
      `resource type ${type} is not supported by the stand-in plugin for "${provider.name}" (it stands in for the official one, which could not be ` +
        `downloaded). Supported: ${provider.supported.join(", ")}. Install the official plugin to use other types: ` +
        `pulumi plugin install resource ${provider.name} ${provider.version}`,
    );
  };

  const checkRequest = (request: wire.CheckRequest): CheckRequest => {
    const autonaming = request.getAutonaming();
    const modes = ["propose", "enforce", "disable"] as const;
    return {
      ...context(request),
      olds: read(request.getOlds()),
      news: read(request.getNews()),
      randomSeed: request.getRandomseed_asU8(),
      ...(autonaming && {
        autonaming: {
          mode: modes[autonaming.getMode()] ?? "propose",
          proposedName: autonaming.getProposedName(),
        },
      }),
    };
  };

  const diffRequest = (request: wire.DiffRequest): DiffRequest => ({
    ...context(request),
    id: request.getId(),
    olds: read(request.getOlds()),
    oldInputs: read(request.getOldInputs()),
    news: read(request.getNews()),
    ignoreChanges: request.getIgnorechangesList(),
  });

  return {
    handshake: unary(async (request: wire.ProviderHandshakeRequest) => {
      log.connect(request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    attach: unary(async (request: { getAddress(): string }) => {
      log.connect(request.getAddress());
      return new emptyMessages.Empty();
    }),
    getPluginInfo: unary(async () => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    configure: unary(async (request: wire.ConfigureRequest) => {
      await provider.configure(read(request.getArgs()));
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    cancel: unary(async () => {
      cancelled.abort(new UserError("cancelled"));
      return new emptyMessages.Empty();
    }),
    checkConfig: unary(async (request: wire.CheckRequest) => {
      return checkResponse({ inputs: read(request.getNews()) });
    }),
    diffConfig: unimplemented("DiffConfig"),
    check: unary(async (request: wire.CheckRequest) =>
      checkResponse(await handler(request).check(checkRequest(request))),
    ),
    diff: unary(async (request: wire.DiffRequest) =>
      diffResponse(await handler(request).diff(diffRequest(request))),
    ),
    create: unary(async (request: wire.CreateRequest) => {
      const result = await handler(request).create({
        ...context(request, request.getTimeout()),
        inputs: read(request.getProperties()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new messages.CreateResponse();
      // In a preview nothing exists yet; an id that was made up would be taken for real by
      // dependants.
      response.setId(request.getPreview() ? "" : result.id);
      response.setProperties(write(result.properties));
      return response;
    }),
    read: unary(async (request: wire.ReadRequest) => {
      const result = await handler(request).read({
        ...context(request, request.getTimeout()),
        id: request.getId(),
        properties: read(request.getProperties()),
        inputs: read(request.getInputs()),
      });
      const response = new messages.ReadResponse();
      if (!result) return response; // an empty id says that the resource is gone
      response.setId(result.id);
      response.setProperties(write(result.properties));
      response.setInputs(write(result.inputs));
      return response;
    }),
    update: unary(async (request: wire.UpdateRequest) => {
      const properties = await handler(request).update({
        ...context(request, request.getTimeout()),
        id: request.getId(),
        olds: read(request.getOlds()),
        oldInputs: read(request.getOldInputs()),
        news: read(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new messages.UpdateResponse();
      response.setProperties(write(properties));
      return response;
    }),
    delete: unary(async (request: wire.DeleteRequest) => {
      await handler(request).delete({
        ...context(request, request.getTimeout()),
        id: request.getId(),
        properties: read(request.getProperties()),
        oldInputs: read(request.getOldInputs()),
        timeout: request.getTimeout(),
      });
      return new emptyMessages.Empty();
    }),
    invoke: unary(async (request: wire.InvokeRequest) => {
      if (!provider.invoke)
        throw new UserError(
          `function ${request.getTok()} is not supported by the stand-in plugin for "${provider.name}"`,
        );
      const outcome = await provider.invoke({
        token: request.getTok(),
        args: read(request.getArgs()),
        signal: cancelled.signal,
      });
      const response = new messages.InvokeResponse();
      if ("result" in outcome) response.setReturn(write(outcome.result));
      else response.setFailuresList(outcome.failures.map(checkFailure));
      return response;
    }),
    getSchema: unary(async () => {
      // Set by a test of a language host that wants to know the types of its program.
      const folder = process.env["STAND_IN_SCHEMAS"];
      if (folder === undefined)
        throw new UserError(
          `the stand-in plugin for "${provider.name}" has no schema; install the official plugin for that`,
        );
      const response = new messages.GetSchemaResponse();
      response.setSchema(await readFile(join(folder, `${provider.name}.json`), "utf8"));
      return response;
    }),
    parameterize: unimplemented("Parameterize"),
    call: unimplemented("Call"),
    construct: unimplemented("Construct"),
    getMapping: unimplemented("GetMapping"),
    getMappings: unimplemented("GetMappings"),
    list: (call: grpc.ServerWritableStream<unknown, unknown>) =>
      call.emit(
        "error",
        rpcError(grpc.status.UNIMPLEMENTED, "List is not part of this stand-in plugin"),
      ),
  };
}
