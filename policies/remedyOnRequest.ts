import grpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import type { AnalyzeRequest, ConfigureAnalyzerRequest } from "@pulumi/pulumi/proto/analyzer_pb.js";

/** How the SDK's server reads the requests of a method. */
interface Method<Request> {
  requestDeserialize: (bytes: Buffer) => Request;
}
const { configure, remediate } = grpc.AnalyzerService as unknown as {
  configure: Method<ConfigureAnalyzerRequest>;
  remediate: Method<AnalyzeRequest>;
};

/**
 * The engine asks a pack twice about each resource, for remedies and for problems, and the SDK reads the resource whole both times, also where no rule's level is
 * `remediate`: a third of what a pack costs. Until a configuration sets that level, it is given a resource with nothing in it instead.
 */
export function remedyOnRequest(): void {
  let wanted = false;
  const readConfiguration = configure.requestDeserialize;
  configure.requestDeserialize = (bytes) => {
    const request = readConfiguration(bytes);
    wanted = false;
    request.getPolicyconfigMap().forEach((config) => {
      wanted ||= config.getEnforcementlevel() === analyzer.EnforcementLevel.REMEDIATE;
    });
    return request;
  };
  const readResource = remediate.requestDeserialize;
  // Field 2, the properties, of length 0.
  const nothing = readResource(Buffer.from([0x12, 0]));
  nothing.setOptions(new analyzer.AnalyzerResourceOptions());
  remediate.requestDeserialize = (bytes) => (wanted ? readResource(bytes) : nothing);
}
