import type { AwsPlatform, EndpointService } from "../platforms/aws/schema.ts";
import { Reason } from "./check.ts";
import { isSupported, ProxyAgent, proxyOf } from "./proxy.ts";

// What questions to AWS, and to what speaks as AWS does, have in common.

/** Settings of a client that asks once and is done; the whole check has a time limit besides. */
export const clientLimits = (ca: string | undefined, endpoint: URL) => ({
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 4_000,
    requestTimeout: 7_000,
    ...agentFor(ca === undefined ? {} : { ca }, endpoint),
  },
});

// The provider goes through the shell's proxy, and so do the checks.
function agentFor(options: { readonly ca?: string }, endpoint: URL) {
  const proxy = proxyOf(endpoint);
  if (proxy !== undefined && isSupported(proxy))
    return { httpsAgent: new ProxyAgent(proxy, options) };
  return options.ca === undefined ? {} : { httpsAgent: options };
}

/**
 * Settings of a client of one service: of this region and profile, at the environment's own
 * endpoint.
 */
export function clientOf(
  { region, profile, artifactStore }: AwsPlatform,
  service: EndpointService,
  ca: string | undefined,
) {
  const endpoint = artifactStore?.endpoints?.[service];
  return {
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...clientLimits(ca, new URL(endpoint ?? `https://${service}.${region}.amazonaws.com`)),
  };
}

export type ClientSettings = ReturnType<typeof clientOf>;

/**
 * A refused question in words. The service's own text is not shown: of a request that was signed
 * wrongly it repeats every header, the session's token included. Errors of a connection stay what
 * they are.
 */
export function awsWords(error: unknown): Error {
  const { name, code, $metadata } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (code !== undefined || $metadata?.httpStatusCode === undefined) return error as Error;
  return new Reason(
    `it answers ${name ?? "with an error"} (HTTP status ${$metadata.httpStatusCode})`,
  );
}
