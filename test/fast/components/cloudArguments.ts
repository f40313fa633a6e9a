import type { NamedArgs } from "@mlflow-instances/components/internal";
import { problemsOf } from "../../../components/internal/validation.ts";
import { awsInstanceArgs, awsPlatformArgs } from "../../support/instance.ts";

export const base = awsPlatformArgs();
export const problems = (args: unknown) => problemsOf(args as NamedArgs);
/** An instance of AWS whose platform is another in this. */
export const on = (platform: Record<string, unknown>, args: Record<string, unknown> = {}) =>
  ({ ...awsInstanceArgs(args), platform: { ...base, ...platform } }) as unknown;
