import type { MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import type { MlflowPlatformArgs } from "../mlflowPlatformArgs.ts";

/** Arguments in which everything is said that follows from the program around the instance. */
export interface NamedArgs extends MlflowInstanceArgs {
  readonly instanceName: string;
  readonly platform: NamedPlatform;
}

export interface NamedPlatform extends MlflowPlatformArgs {
  readonly environment: string;
}

/** The arguments of the component `name` in a stack of that name. */
export const namedArgs = (name: string, stack: string, args: MlflowInstanceArgs): NamedArgs => ({
  ...args,
  instanceName: args.instanceName ?? name,
  platform: { ...args.platform, environment: args.platform.environment ?? stack },
});
