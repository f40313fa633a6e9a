import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import type { Given } from "./support.ts";

const require = createRequire(import.meta.url);

export interface ServedPolicy {
  readonly name: string;
  readonly enforcementlevel: number;
  readonly severity: number;
  readonly url: string;
  readonly remediationSteps: string;
  readonly configschema?: { readonly properties?: unknown };
}

/**
 * Starts a pack as the language host does it, without a type check, and asks it as the engine does
 * what it holds. It ends with the test.
 */
export async function servedPack(
  folder: string,
): Promise<{ name: string; policies: ServedPolicy[]; client: any; errors: () => string }> {
  const sdk = dirname(require.resolve("@pulumi/pulumi/package.json"));
  const child = spawn(
    process.execPath,
    [join(sdk, "cmd", "run-policy-pack"), "127.0.0.1:1", folder],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(() => void child.kill());
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", (code) => reject(new Error(`the pack ended with ${code}: ${errors}`)));
  });
  const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");
  const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const info = await new Promise<{ toObject(): { name: string; policiesList: ServedPolicy[] } }>(
    (resolve, reject) =>
      client.getAnalyzerInfo(new Empty(), (error: Error | null, reply: never) =>
        error ? reject(error) : resolve(reply),
      ),
  );
  const { name, policiesList } = info.toObject();
  return { name, policies: policiesList, client, errors: () => errors };
}

interface Diagnostic {
  readonly policyname: string;
  readonly message: string;
}

/** What a pack answers, whichever the method. */
interface Reply {
  readonly diagnosticsList: readonly Diagnostic[];
  readonly remediationsList: readonly Diagnostic[];
}

/** Calls of a pack over the wire. */
export const callsOf =
  (client: any) =>
  (method: "analyze" | "configure" | "remediate", request: unknown): Promise<Reply> =>
    new Promise((resolve, reject) =>
      client[method](request, (error: Error | null, reply: { toObject(): Reply }) =>
        error ? reject(error) : resolve(reply.toObject()),
      ),
    );

/** The engine's question about a resource. */
export function analyzeRequest({ type, props, name = "" }: Given): any {
  const messages = require("@pulumi/pulumi/proto/analyzer_pb.js");
  const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
  const request = new messages.AnalyzeRequest();
  request.setType(type);
  request.setName(name);
  request.setUrn(`urn:pulumi:dev::raw::${type}::${name}`);
  request.setProperties(Struct.fromJavaScript(props));
  request.setOptions(new messages.AnalyzerResourceOptions());
  return request;
}
