// The plugin over its real gRPC protocol, as the engine talks to it.
import * as grpc from "@grpc/grpc-js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as wire from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import { kubernetesProvider } from "../../../../local/plugins/kubernetes/provider.ts";
import { listen } from "../../../../local/plugins/shared/serve.ts";
import { providerService } from "../../../../local/plugins/shared/server.ts";
import { propertiesFromWire, propertiesToWire } from "../../../../local/plugins/shared/values.ts";
import type { Properties, Wire } from "../../../../local/plugins/shared/values.ts";

const kindNames = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];

function write(properties: Properties): Struct {
  return structMessages.Struct.fromJavaScript(propertiesToWire(properties));
}

function read(struct: Struct | undefined): Properties {
  return struct ? propertiesFromWire(struct.toJavaScript() as { [key: string]: Wire }) : {};
}

/** "Exists, but isn't ready", as it travels in the details of an error. */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Properties;
  readonly inputs: Properties;
  readonly reasons: string[];
  constructor(detail: wire.ErrorResourceInitFailed) {
    super(detail.getReasonsList().join("\n"));
    this.id = detail.getId();
    this.properties = read(detail.getProperties());
    this.inputs = read(detail.getInputs());
    this.reasons = detail.getReasonsList();
  }
}

function thrown(error: grpc.ServiceError): Error {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (!details) return new Error(error.details);
  const status = statusMessages.Status.deserializeBinary(Buffer.from(details)) as { getDetailsList(): { getValue_asU8(): Uint8Array }[] };
  return new InitFailed(messages.ErrorResourceInitFailed.deserializeBinary(status.getDetailsList()[0]!.getValue_asU8()));
}

export interface Difference {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }>;
}

export class Plugin {
  readonly #client: grpc.Client &
    Record<string, (request: unknown, done: (error: grpc.ServiceError | null, response: unknown) => void) => void>;
  readonly stop: () => Promise<void>;

  private constructor(port: number, stop: () => Promise<void>) {
    this.#client = new providerServices.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as never;
    this.stop = async () => {
      this.#client.close();
      await stop();
    };
  }

  static async start(config?: Properties): Promise<Plugin> {
    const provider = kubernetesProvider();
    const running = await listen(providerServices.ResourceProviderService, providerService(provider));
    const plugin = new Plugin(running.port, async () => {
      await provider.close?.();
      await running.stop();
    });
    if (config) await plugin.configure(config);
    return plugin;
  }

  #call<R>(method: string, request: unknown): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#client[method]!(request, (error, response) => (error ? reject(thrown(error)) : resolve(response as R)));
    });
  }

  async configure(config: Properties): Promise<void> {
    const request = new messages.ConfigureRequest();
    request.setArgs(write(config));
    await this.#call("configure", request);
  }

  async cancel(): Promise<void> {
    await this.#call("cancel", new (await import("google-protobuf/google/protobuf/empty_pb.js")).default.Empty());
  }

  async check(urn: string, news: Properties, olds: Properties = {}, seed = "seed"): Promise<Properties> {
    const request = new messages.CheckRequest();
    request.setUrn(urn);
    request.setNews(write(news));
    request.setOlds(write(olds));
    request.setRandomseed(Buffer.from(seed));
    const response = await this.#call<wire.CheckResponse>("check", request);
    return read(response.getInputs());
  }

  async checkConfig(news: Properties): Promise<string[]> {
    const request = new messages.CheckRequest();
    request.setUrn("urn:pulumi:s::p::pulumi:providers:kubernetes::cluster");
    request.setNews(write(news));
    const response = await this.#call<wire.CheckResponse>("checkConfig", request);
    return response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  async diff(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    ignoreChanges: string[] = [],
    method = "diff",
  ): Promise<Difference> {
    const request = new messages.DiffRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setOlds(write(olds));
    request.setNews(write(news));
    request.setIgnorechangesList(ignoreChanges);
    const response = await this.#call<wire.DiffResponse>(method, request);
    const detailedDiff: Difference["detailedDiff"] = {};
    response.getDetaileddiffMap().forEach((entry, path) => {
      detailedDiff[path] = { kind: kindNames[entry.getKind()]!, inputDiff: entry.getInputdiff() };
    });
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      detailedDiff,
    };
  }

  async create(
    urn: string,
    inputs: Properties,
    options: { preview?: boolean; timeout?: number } = {},
  ): Promise<{ id: string; properties: Properties }> {
    const request = new messages.CreateRequest();
    request.setUrn(urn);
    request.setProperties(write(inputs));
    request.setPreview(options.preview ?? false);
    request.setTimeout(options.timeout ?? 0);
    const response = await this.#call<wire.CreateResponse>("create", request);
    return { id: response.getId(), properties: read(response.getProperties()) };
  }

  async update(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    options: { preview?: boolean; timeout?: number; ignoreChanges?: string[] } = {},
  ): Promise<Properties> {
    const request = new messages.UpdateRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setOlds(write(olds));
    request.setNews(write(news));
    request.setPreview(options.preview ?? false);
    request.setTimeout(options.timeout ?? 0);
    request.setIgnorechangesList(options.ignoreChanges ?? []);
    return read((await this.#call<wire.UpdateResponse>("update", request)).getProperties());
  }

  async read(
    urn: string,
    id: string,
    properties: Properties = {},
    inputs: Properties = {},
  ): Promise<{ id: string; properties: Properties; inputs: Properties }> {
    const request = new messages.ReadRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(write(properties));
    request.setInputs(write(inputs));
    const response = await this.#call<wire.ReadResponse>("read", request);
    return { id: response.getId(), properties: read(response.getProperties()), inputs: read(response.getInputs()) };
  }

  async delete(urn: string, id: string, properties: Properties, timeout = 0): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urn);
    request.setId(id);
    request.setProperties(write(properties));
    request.setTimeout(timeout);
    await this.#call("delete", request);
  }
}

export function urn(type: string, name = "thing"): string {
  return `urn:pulumi:test::project::${type}::${name}`;
}
