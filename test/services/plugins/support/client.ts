// A client of a provider over real gRPC, as the engine is one: what goes in and out is what stands
// on the wire.
import * as grpc from "@grpc/grpc-js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as wire from "@pulumi/pulumi/proto/provider_pb.js";
import type { Provider } from "../../../../local/plugins/shared/provider.ts";
import { listen } from "../../../../local/plugins/shared/serve.ts";
import { providerService } from "../../../../local/plugins/shared/server.ts";
import { propertiesFromWire, propertiesToWire } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";

const toStruct = (value: Properties): Struct =>
  structMessages.Struct.fromJavaScript(propertiesToWire(value));
const fromStruct = (struct: Struct | undefined): Properties =>
  struct ? propertiesFromWire(struct.toJavaScript()) : {};

export interface Diff {
  changes: boolean;
  replaces: string[];
  diffs: string[];
  deleteBeforeReplace: boolean;
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }> | undefined;
}

export interface UpdateOptions {
  /** Seconds. */
  timeout?: number;
  ignoreChanges?: string[];
}

const kinds = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];

export function urn(type: string, name: string): string {
  return `urn:pulumi:test::project::${type}::${name}`;
}

export class ProviderClient {
  readonly #client: InstanceType<typeof services.ResourceProviderClient>;
  readonly #stop: () => void;
  readonly provider: Provider;

  constructor(
    client: InstanceType<typeof services.ResourceProviderClient>,
    stop: () => void,
    provider: Provider,
  ) {
    this.#client = client;
    this.#stop = stop;
    this.provider = provider;
  }

  #call<R>(
    send: (callback: (error: grpc.ServiceError | null, response: R) => void) => unknown,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      send((error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  async handshake(): Promise<{ acceptSecrets: boolean }> {
    const response = await this.#call<wire.ProviderHandshakeResponse>((done) =>
      this.#client.handshake(new messages.ProviderHandshakeRequest(), done),
    );
    return { acceptSecrets: response.getAcceptSecrets() };
  }

  async version(): Promise<string> {
    return (
      await this.#call<{ getVersion(): string }>((done) =>
        this.#client.getPluginInfo(new emptyMessages.Empty(), done),
      )
    ).getVersion();
  }

  async configure(config: Properties): Promise<void> {
    const request = new messages.ConfigureRequest();
    request.setArgs(toStruct(config));
    await this.#call((done) => this.#client.configure(request, done));
  }

  async check(
    at: string,
    news: Properties,
    olds: Properties = {},
    seed = "seed",
  ): Promise<{ inputs: Properties; failures: { property: string; reason: string }[] }> {
    const request = new messages.CheckRequest();
    request.setUrn(at);
    request.setNews(toStruct(news));
    request.setOlds(toStruct(olds));
    request.setRandomseed(Buffer.from(seed));
    const response = await this.#call<wire.CheckResponse>((done) =>
      this.#client.check(request, done),
    );
    return {
      inputs: fromStruct(response.getInputs()),
      failures: response
        .getFailuresList()
        .map((f) => ({ property: f.getProperty(), reason: f.getReason() })),
    };
  }

  async diff(
    at: string,
    id: string,
    olds: Properties,
    oldInputs: Properties,
    news: Properties,
    ignoreChanges: string[] = [],
  ): Promise<Diff> {
    const request = new messages.DiffRequest();
    request.setUrn(at);
    request.setId(id);
    request.setOlds(toStruct(olds));
    request.setOldInputs(toStruct(oldInputs));
    request.setNews(toStruct(news));
    request.setIgnorechangesList(ignoreChanges);
    const response = await this.#call<wire.DiffResponse>((done) =>
      this.#client.diff(request, done),
    );
    const detailed: Record<string, { kind: string; inputDiff: boolean }> = {};
    response.getDetaileddiffMap().forEach((entry, path) => {
      detailed[path] = { kind: kinds[entry.getKind()]!, inputDiff: entry.getInputdiff() };
    });
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      diffs: response.getDiffsList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      detailedDiff: response.getHasdetaileddiff() ? detailed : undefined,
    };
  }

  async create(
    at: string,
    inputs: Properties,
    preview = false,
    timeout = 0,
  ): Promise<{ id: string; properties: Properties }> {
    const request = new messages.CreateRequest();
    request.setUrn(at);
    request.setProperties(toStruct(inputs));
    request.setPreview(preview);
    request.setTimeout(timeout);
    const response = await this.#call<wire.CreateResponse>((done) =>
      this.#client.create(request, done),
    );
    return { id: response.getId(), properties: fromStruct(response.getProperties()) };
  }

  async read(
    at: string,
    id: string,
    properties: Properties = {},
    inputs: Properties = {},
  ): Promise<{ id: string; properties: Properties; inputs: Properties }> {
    const request = new messages.ReadRequest();
    request.setUrn(at);
    request.setId(id);
    request.setProperties(toStruct(properties));
    request.setInputs(toStruct(inputs));
    const response = await this.#call<wire.ReadResponse>((done) =>
      this.#client.read(request, done),
    );
    return {
      id: response.getId(),
      properties: fromStruct(response.getProperties()),
      inputs: fromStruct(response.getInputs()),
    };
  }

  async update(
    at: string,
    id: string,
    olds: Properties,
    oldInputs: Properties,
    news: Properties,
    preview = false,
    options: UpdateOptions = {},
  ): Promise<Properties> {
    const request = new messages.UpdateRequest();
    request.setUrn(at);
    request.setId(id);
    request.setOlds(toStruct(olds));
    request.setOldInputs(toStruct(oldInputs));
    request.setNews(toStruct(news));
    request.setPreview(preview);
    request.setTimeout(options.timeout ?? 0);
    request.setIgnorechangesList(options.ignoreChanges ?? []);
    return fromStruct(
      (
        await this.#call<wire.UpdateResponse>((done) => this.#client.update(request, done))
      ).getProperties(),
    );
  }

  async delete(
    at: string,
    id: string,
    properties: Properties,
    oldInputs: Properties = {},
    timeout = 0,
  ): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(at);
    request.setId(id);
    request.setProperties(toStruct(properties));
    request.setOldInputs(toStruct(oldInputs));
    request.setTimeout(timeout);
    await this.#call((done) => this.#client.delete(request, done));
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new messages.InvokeRequest();
    request.setTok(token);
    request.setArgs(toStruct(args));
    return fromStruct(
      (
        await this.#call<wire.InvokeResponse>((done) => this.#client.invoke(request, done))
      ).getReturn(),
    );
  }

  async cancel(): Promise<void> {
    await this.#call((done) => this.#client.cancel(new emptyMessages.Empty(), done));
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#stop();
    await this.provider.close?.();
  }
}

export async function connect(provider: Provider): Promise<ProviderClient> {
  const running = await listen(services.ResourceProviderService, providerService(provider));
  const client = new services.ResourceProviderClient(
    `127.0.0.1:${running.port}`,
    grpc.credentials.createInsecure(),
  );
  return new ProviderClient(client, running.stop, provider);
}
