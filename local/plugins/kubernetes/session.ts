// What the operations on objects share: the connection (or why there is none) and the settings.
import { UserError } from "../shared/provider.ts";
import type { Context } from "../shared/provider.ts";
import { ApiError } from "./apiError.ts";
import type { Waiting } from "./await/waiting.ts";
import { Client, connectionMessage } from "./client.ts";
import type { Settings } from "./config.ts";
import { loadCluster } from "./kubeconfig.ts";
import { redact } from "./redact.ts";

// Together with the start of the plugin this keeps the answer about a dead server under 10 s.
const connectMs = 7000;

export class Session {
  readonly settings: Settings;
  readonly #client: Client | undefined;
  /** Why the cluster can't be used; empty when it can. */
  readonly unreachable: string;

  private constructor(settings: Settings, client: Client | undefined, unreachable: string) {
    this.settings = settings;
    this.#client = client;
    this.unreachable = unreachable;
  }

  /** Never fails: a destroy with `deleteUnreachable` must work without a cluster. */
  static async open(settings: Settings): Promise<Session> {
    let client: Client;
    try {
      client = new Client(await loadCluster(settings));
    } catch (error) {
      return new Session(settings, undefined, (error as Error).message);
    }
    return new Session(settings, client, await reasonUnreachable(client));
  }

  get client(): Client {
    if (this.unreachable !== "" || !this.#client)
      throw new UserError(`configured Kubernetes cluster is unreachable: ${this.unreachable}`);
    return this.#client;
  }

  /** Namespace of objects that name none; empty while the kubeconfig can't be read. */
  get namespace(): string {
    return this.#client?.namespace ?? "";
  }

  waiting({ log, signal }: Context): Waiting {
    return { client: this.client, log, signal };
  }

  close(): void {
    this.#client?.close();
  }
}

async function reasonUnreachable(client: Client): Promise<string> {
  try {
    await client.json("GET", "/version", {
      timeout: connectMs,
      retries: 1,
      signal: AbortSignal.timeout(connectMs),
    });
    return "";
  } catch (error) {
    if (error instanceof ApiError && error.code === 401)
      return `${client.server} refuses the credentials of the kubeconfig (401 Unauthorized)`;
    // Whoever may not see the version may still see objects.
    if (error instanceof ApiError && error.code === 403) return "";
    if (error instanceof ApiError)
      return `${client.server} answers ${error.code}: ${redact(error.message)}`;
    const timedOut =
      (error as Error).name === "TimeoutError" || (error as Error).message === "cancelled";
    if (timedOut) return `${client.server}: no answer within ${connectMs / 1000} s`;
    return error instanceof Error && error.message.startsWith(client.server)
      ? error.message
      : connectionMessage(client.server, error as Error);
  }
}
