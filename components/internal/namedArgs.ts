import { isOutput, kindOf } from "./shape.ts";
import type { MlflowInstanceArgs } from "../mlflowInstanceArgs.ts";
import type { MlflowPlatform } from "../mlflowPlatformArgs.ts";

/** Arguments in which everything is said that follows from the program around the instance. */
export interface NamedArgs extends MlflowInstanceArgs {
  readonly instanceName: string;
  readonly platform: NamedPlatform;
}

export interface NamedPlatform extends MlflowPlatform {
  readonly environment: string;
}

/** The arguments of the component `name` in a stack of that name. */
export const namedArgs = (name: string, stack: string, args: MlflowInstanceArgs): NamedArgs => ({
  ...args,
  instanceName: args.instanceName ?? name,
  platform: namedPlatform(args.platform, stack),
});

function namedPlatform(platform: MlflowPlatform, stack: string): NamedPlatform {
  // The check of the arguments refuses anything else.
  const isPlatform = kindOf(platform) === "object" && !isOutput(platform);
  return isPlatform
    ? { ...platform, environment: platform.environment ?? stack }
    : (platform as NamedPlatform);
}
