import type * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import type { Environment } from "../environment.ts";
import type { InstanceSpec } from "../instance.ts";
import { createAws } from "./aws.ts";
import { createExisting } from "./existing.ts";

/** What an environment gives to its instances besides plain values. */
export interface Resources {
  /** One for each system, always named, never an ambient one. */
  readonly providers: pulumi.ProviderResource[];
  /** Where the database server answers; known only after it is made, where the environment makes it. */
  readonly database: { readonly host: pulumi.Input<string>; readonly port: number };
}

/** Makes the providers, and the database server where it is the environment's own; nothing else knows their settings. */
export function createPlatform(environment: Environment, specs: readonly InstanceSpec[]): Resources {
  const { platform } = environment;
  const { providers, database } =
    platform.kind === "existing" ? createExisting(environment.name, platform) : createAws(environment, platform, specs);
  return { providers: [...providers, new RandomProvider("random", {})], database };
}
