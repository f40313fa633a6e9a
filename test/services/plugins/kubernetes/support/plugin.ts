// The Kubernetes plugin over its real gRPC protocol, with errors as a test reads them.
import { kubernetesProvider } from "../../../../../local/plugins/kubernetes/provider.ts";
import type { Properties } from "../../../../../local/plugins/shared/values.ts";
import { connect, initializationFailure, urn as urnOf } from "../../support/client.ts";
import type {
  Diff,
  InitializationFailure,
  ProviderClient,
  UpdateOptions,
} from "../../support/client.ts";

/** "Exists, but isn't ready". */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Properties;
  readonly inputs: Properties;
  readonly reasons: string[];
  constructor({ id, properties, inputs, reasons }: InitializationFailure) {
    super(reasons.join("\n"));
    this.id = id;
    this.properties = properties;
    this.inputs = inputs;
    this.reasons = reasons;
  }
}

async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const failure = initializationFailure(error);
    throw failure ? new InitFailed(failure) : new Error((error as { details: string }).details);
  }
}

type Created = { id: string; properties: Properties };

export class Plugin {
  readonly #client: ProviderClient;

  private constructor(client: ProviderClient) {
    this.#client = client;
  }

  static async start(config?: Properties): Promise<Plugin> {
    const client = await connect(kubernetesProvider());
    if (config) await client.configure(config);
    return new Plugin(client);
  }

  stop(): Promise<void> {
    return this.#client.close();
  }

  cancel(): Promise<void> {
    return this.#client.cancel();
  }

  async check(
    urn: string,
    news: Properties,
    olds: Properties = {},
    seed?: string,
  ): Promise<Properties> {
    return (await readable(this.#client.check(urn, news, olds, seed))).inputs;
  }

  async checkConfig(news: Properties): Promise<string[]> {
    return (await this.#client.checkConfig(news)).failures.map(
      ({ property, reason }) => `${property}: ${reason}`,
    );
  }

  async diffConfig(olds: Properties, news: Properties): Promise<string[]> {
    return (await this.#client.diffConfig(olds, news)).replaces;
  }

  async diff(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    ignoreChanges: string[] = [],
  ): Promise<Omit<Diff, "diffs">> {
    const { diffs: _diffs, ...difference } = await this.#client.diff(
      urn,
      id,
      olds,
      {},
      news,
      ignoreChanges,
    );
    return difference;
  }

  create(urn: string, inputs: Properties, { preview = false, timeout = 0 } = {}): Promise<Created> {
    return readable(this.#client.create(urn, inputs, preview, timeout));
  }

  update(
    urn: string,
    id: string,
    olds: Properties,
    news: Properties,
    { preview = false, ...options }: UpdateOptions & { preview?: boolean } = {},
  ): Promise<Properties> {
    return readable(this.#client.update(urn, id, olds, {}, news, preview, options));
  }

  read(
    urn: string,
    id: string,
    properties: Properties = {},
    inputs: Properties = {},
  ): Promise<Created & { inputs: Properties }> {
    return readable(this.#client.read(urn, id, properties, inputs));
  }

  delete(urn: string, id: string, properties: Properties, timeout = 0): Promise<void> {
    return readable(this.#client.delete(urn, id, properties, {}, timeout));
  }
}

export function urn(type: string, name = "thing"): string {
  return urnOf(type, name);
}
