import type { MlflowInstanceArgs } from "@mlflow-instances/components";
import type { StoreKey } from "../environment/config.ts";
import type { Environment } from "../environment/environment.ts";
import type { InstanceSpec } from "../instance/instance.ts";
import type { Asked, Check } from "../preflight/check.ts";
import type { Resources } from "./resources.ts";

/** The component's arguments that follow from the kind of platform. */
export interface ArgsOfKind extends Pick<
  MlflowInstanceArgs,
  "bucketCredentials" | "maintenanceCredentials" | "podIdentity" | "ingress" | "network"
> {
  readonly bucket: Omit<MlflowInstanceArgs["bucket"], "name">;
  readonly database: Pick<MlflowInstanceArgs["database"], "sslMode" | "characterType">;
}

/** How a kind of platform becomes resources. */
export interface Realization<Platform> {
  /** Its providers, and the database server where the environment has one of its own. */
  create(environment: Environment, platform: Platform, specs: readonly InstanceSpec[]): Resources;
  /** `key`: the instance's, where pods have no roles. */
  argsOf(platform: Platform, key: StoreKey | undefined): ArgsOfKind;
  /** What is asked of it before the first resource. */
  checksOf(environment: Environment, platform: Platform, asked: Asked): Check[];
}
