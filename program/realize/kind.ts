import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { Environment } from "../environment/environment.ts";
import type { Asked, Check } from "../preflight/check.ts";
import type { Resources } from "./resources.ts";

/** How a kind of platform becomes resources. */
export interface Realization<Platform> {
  /** Its providers, and the database server where the environment has one of its own. */
  create(
    environment: Environment,
    platform: Platform,
    instances: readonly ResolvedInstance[],
  ): Resources;
  /** What is asked of it before the first resource. */
  checksOf(environment: Environment, platform: Platform, asked: Asked): Check[];
}
