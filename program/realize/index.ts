import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import type { Environment } from "../environment/environment.ts";
import type { AwsPlatform } from "../platforms/aws/schema.ts";
import type { ExistingPlatform } from "../platforms/existing/schema.ts";
import type { Platform } from "../platforms/index.ts";
import type { Asked, Check } from "../preflight/check.ts";
import { awsChecks } from "./aws/checks.ts";
import { createAws } from "./aws/providers.ts";
import { existingChecks } from "./existing/checks.ts";
import { createExisting } from "./existing/providers.ts";
import type { Realization } from "./kind.ts";
import type { Resources } from "./resources.ts";

/**
 * The same kinds as in platforms/, with what loads providers: commands that only read stack files
 * must start fast.
 */
const realizations: {
  readonly existing: Realization<ExistingPlatform>;
  readonly aws: Realization<AwsPlatform>;
} = {
  existing: { create: createExisting, checksOf: existingChecks },
  aws: { create: createAws, checksOf: awsChecks },
};

const of = ({ kind }: Platform): Realization<Platform> => realizations[kind];

/**
 * Makes the providers, and the database server where it is the environment's own; nothing else
 * knows their settings.
 */
export function createPlatform(
  environment: Environment,
  instances: readonly ResolvedInstance[],
): Resources {
  const { providers, database } = of(environment.platform).create(
    environment,
    environment.platform,
    instances,
  );
  return { providers: [...providers, new RandomProvider("random", {})], database };
}

/** What is asked of the environment's platform before the first resource. */
export const checksOf = (environment: Environment, asked: Asked): Check[] =>
  of(environment.platform).checksOf(environment, environment.platform, asked);
