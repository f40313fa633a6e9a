// Log lines of a plugin go to the engine over its own service, so that they appear beside the
// resource that they are about.
import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type { ResourceLog } from "./provider.ts";

export class EngineLog {
  #client: InstanceType<typeof engineServices.EngineClient> | undefined;

  connect(address: string): void {
    if (this.#client || address === "") return;
    this.#client = new engineServices.EngineClient(address, grpc.credentials.createInsecure());
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  for(urn: string): ResourceLog {
    return { status: (message) => this.#sendStatus(urn, message) };
  }

  #sendStatus(urn: string, message: string): void {
    if (!this.#client) return;
    const request = new engineMessages.LogRequest();
    request.setSeverity(engineMessages.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(true);
    // A lost log line must not fail the operation that it is about.
    this.#client.log(request, () => undefined);
  }
}
