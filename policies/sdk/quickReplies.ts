import { Server } from "@grpc/grpc-js";
import type analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import { inside } from "./inside.ts";

type Callback = (error: Error | null, reply?: object) => void;
type Handler = (call: { request: unknown }, callback: Callback) => void;
type Handlers = Record<"analyze" | "remediate" | "configure", Handler>;
/** How the SDK's server reads the requests of a method. */
interface Method {
  requestDeserialize: (bytes: Buffer) => unknown;
}

/** In place of a request that no handler reads. */
const unread = Symbol("unread");

/**
 * The engine asks a pack twice about each resource, for remedies and for problems, and waits for
 * the answer; the SDK reads the resource whole both times and goes through all rules. Two questions
 * have an answer beforehand: remedies while no rule's level is `remediate`, and problems of a type
 * that no rule looks at.
 */
export function answerQuickly(types: ReadonlySet<string>): void {
  if (inside === undefined) return;
  const { AnalyzeResponse, EnforcementLevel, RemediateResponse } = inside.analyzer;
  const service = inside.grpc.AnalyzerService as unknown as Record<keyof Handlers, Method>;
  let wantsRemedies = false;
  const { analyze, remediate } = service;
  const readAll = { analyze: analyze.requestDeserialize, remediate: remediate.requestDeserialize };
  analyze.requestDeserialize = (bytes) => {
    const type = typeOf(bytes);
    return type !== undefined && !types.has(type) ? unread : readAll.analyze(bytes);
  };
  remediate.requestDeserialize = (bytes) => (wantsRemedies ? readAll.remediate(bytes) : unread);

  const { addService } = Server.prototype;
  Server.prototype.addService = function (definition, given) {
    if ((definition as unknown) !== service) return addService.call(this, definition, given);
    const sdk = given as unknown as Handlers;
    const orAtOnce =
      (handler: Handler, reply: object): Handler =>
      (call, callback) =>
        call.request === unread ? callback(null, reply) : handler(call, callback);
    const handlers = {
      ...sdk,
      analyze: orAtOnce(sdk.analyze, new AnalyzeResponse()),
      remediate: orAtOnce(sdk.remediate, new RemediateResponse()),
      configure: (call, callback) => {
        wantsRemedies = levelsIn(call.request as analyzer.ConfigureAnalyzerRequest).includes(
          EnforcementLevel.REMEDIATE,
        );
        sdk.configure(call, callback);
      },
    } satisfies Handlers;
    return addService.call(this, definition, handlers);
  };
}

function levelsIn(request: analyzer.ConfigureAnalyzerRequest): analyzer.EnforcementLevel[] {
  const levels: analyzer.EnforcementLevel[] = [];
  request.getPolicyconfigMap().forEach((config) => levels.push(config.getEnforcementlevel()));
  return levels;
}

/**
 * The request's field 1, a short text that encoders put first; undefined where it stands otherwise,
 * and the whole has to be read.
 */
function typeOf(bytes: Buffer): string | undefined {
  const [tag, length] = bytes;
  if (tag !== 0x0a || length === undefined || length > 0x7f || bytes.length < 2 + length)
    return undefined;
  return bytes.toString("utf8", 2, 2 + length);
}
