// Errors in the forms that the engine understands.
import * as grpc from "@grpc/grpc-js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import { InitializationError } from "./provider.ts";
import { propertiesToWire } from "./values.ts";

export function rpcError(code: grpc.status, message: string): Partial<grpc.StatusObject> {
  return { code, details: message };
}

export function toRpcError(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof InitializationError) return initializationFailed(error);
  const message = error instanceof Error ? error.message : String(error);
  return rpcError(
    grpc.status.UNKNOWN,
    message === "" ? "the plugin failed without a message" : message,
  );
}

/**
 * "Created, but not ready": the engine reads id, state and reasons from the details of the status.
 */
function initializationFailed(error: InitializationError): Partial<grpc.StatusObject> {
  const detail = new providerMessages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(structMessages.Struct.fromJavaScript(propertiesToWire(error.properties)));
  detail.setInputs(structMessages.Struct.fromJavaScript(propertiesToWire(error.inputs)));
  detail.setReasonsList(error.reasons);
  const details = new anyMessages.Any();
  details.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusMessages.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(details);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}
