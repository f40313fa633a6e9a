import type { AwsPlatform, EndpointService } from "../platforms/aws.ts";
import { Reason } from "./check.ts";

// What questions to AWS, and to what speaks as AWS does, have in common.

/** Settings of a client that asks once and is done; the whole check has a time limit besides. */
export const clientLimits = (ca: string | undefined) => ({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 4_000, requestTimeout: 7_000, ...(ca === undefined ? {} : { httpsAgent: { ca } }) },
});

/** Settings of a client of one service: of this region and profile, at the environment's own endpoint. */
export function clientOf({ region, profile, artifactStore }: AwsPlatform, service: EndpointService, ca: string | undefined) {
  const endpoint = artifactStore?.endpoints?.[service];
  return {
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...clientLimits(ca),
  };
}

export type ClientSettings = ReturnType<typeof clientOf>;

/**
 * A refused question in words. The service's own text is not shown: of a request that was signed wrongly it repeats every header, the session's token included.
 * Errors of a connection stay what they are.
 */
export function awsWords(error: unknown): Error {
  const { name, code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  if (code !== undefined || $metadata?.httpStatusCode === undefined) return error as Error;
  return new Reason(`it answers ${name ?? "with an error"} (HTTP status ${$metadata.httpStatusCode})`);
}
