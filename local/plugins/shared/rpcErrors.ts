// Errors in the forms that the engine understands.
import * as grpc from "@grpc/grpc-js";

export function rpcError(code: grpc.status, message: string): Partial<grpc.StatusObject> {
  return { code, details: message };
}

export function toRpcError(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  return rpcError(
    grpc.status.UNKNOWN,
    message === "" ? "the plugin failed without a message" : message,
  );
}
