import type { ReadyPlatform } from "../local/commands/up.ts";
import { configureStack } from "../local/stack/configure.ts";
import { embeddedValues } from "../local/stack/embeddedValues.ts";
import type { Pulumi } from "../local/stack/pulumi.ts";

const subjects = [
  "card",
  "claim",
  "demand",
  "energy",
  "freight",
  "image",
  "parcel",
  "price",
  "route",
  "stock",
];
const tasks = ["counter", "detector", "forecast", "planner", "ranker"];

/** Names of fifty instances, more than this machine could run. */
export const fiftyNames = subjects.flatMap((subject) => tasks.map((task) => `${subject}-${task}`));

/** Configures a stack of instances that are not all made, with the object store keys of each. */
export async function configureImagined(
  pulumi: Pulumi,
  { platform, image }: ReadyPlatform,
  keys: Parameters<typeof embeddedValues>[2],
): Promise<void> {
  const { environment, secrets } = await embeddedValues(platform, image, keys);
  const embedded = environment["platform"] as { postgresql: object };
  // As many connections as that many instances need: nothing connects to a database.
  const roomy = { ...embedded, postgresql: { ...embedded.postgresql, maxConnections: 50_000 } };
  await configureStack(pulumi, { environment: { ...environment, platform: roomy }, secrets });
}
