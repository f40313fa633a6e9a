import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import type { Environment } from "../environment.ts";
import type { InstanceSpec } from "../instance/instance.ts";
import { createAws } from "./aws.ts";
import { createExisting } from "./existing.ts";
import type { Resources } from "./resources.ts";

/** Makes the providers, and the database server where it is the environment's own; nothing else knows their settings. */
export function createPlatform(environment: Environment, specs: readonly InstanceSpec[]): Resources {
  const { platform } = environment;
  const { providers, database } =
    platform.kind === "existing" ? createExisting(environment.name, platform) : createAws(environment, platform, specs);
  return { providers: [...providers, new RandomProvider("random", {})], database };
}
