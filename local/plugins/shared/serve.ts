// The life of a plugin process: bind to a free loopback port, print it, serve, end with the engine.
import * as grpc from "@grpc/grpc-js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { EngineLog } from "./engineLog.ts";
import type { Provider } from "./provider.ts";
import { providerService } from "./server.ts";

// States of large objects (a CRD, a ConfigMap of 1 MiB in several copies) don't fit gRPC's default
// of 4 MB.
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

export interface Running {
  port: number;
  stop(): void;
}

/** Binds a service to a free loopback port. */
export async function listen(
  definition: grpc.ServiceDefinition<grpc.UntypedServiceImplementation>,
  service: grpc.UntypedServiceImplementation,
): Promise<Running> {
  const server = new grpc.Server(channelOptions);
  server.addService(definition, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

/**
 * The positional arguments that the engine gave; logging and tracing flags may stand before them.
 */
export function positional(args: string[]): string[] {
  return args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--tracing");
}

/**
 * Ends this process when the engine asks (SIGINT: the engine puts every plugin in a process group
 * of its own, so this is never the user's Ctrl-C) or when the engine is gone without having asked
 * (kill -9).
 */
export function endWithEngine(close: () => Promise<void>): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void close()
      .catch(() => undefined)
      .then(() => process.exit(0));
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) end();
  }, 1000).unref();
}

/** Serves a provider in this process until the engine ends it. */
export async function serve(
  provider: Provider,
  args: string[] = process.argv.slice(2),
): Promise<void> {
  const log = new EngineLog();
  log.connect(positional(args)[0] ?? "");
  process.on("unhandledRejection", (reason) => {
    console.error(
      `${provider.name}: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
    );
    process.exit(1);
  });
  const running = await listen(
    providerServices.ResourceProviderService,
    providerService(provider, log),
  );
  endWithEngine(async () => provider.close?.());
  process.stdout.write(`${running.port}\n`);
}
