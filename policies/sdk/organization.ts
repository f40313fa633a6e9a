import { inside } from "./inside.ts";

let told: string | undefined;

/**
 * The organization of the stack that is judged, as far as the engine has told it. It tells every
 * pack, but the SDK keeps of the message only the stack's tags; older engines put it into the
 * environment instead.
 */
export const organization = (environment: NodeJS.ProcessEnv = process.env): string | undefined =>
  told ?? environment["PULUMI_NODEJS_ORGANIZATION"] ?? environment["PULUMI_ORGANIZATION"];

/**
 * Listens to what the engine tells: the message's own class reads it from the wire for every
 * caller.
 */
export function hearOrganization(): void {
  if (inside === undefined) return;
  const message = inside.analyzer.AnalyzerStackConfigureRequest;
  const read = message.deserializeBinary.bind(message);
  message.deserializeBinary = (bytes) => {
    const request = read(bytes);
    told = request.getOrganization() || undefined;
    return request;
  };
}
