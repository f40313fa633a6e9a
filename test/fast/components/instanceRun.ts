import type { MlflowInstanceArgs, MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import { instanceArgs, instanceTypes, newInstance } from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

/** Registers an instance with keys against mocks. */
export const run = (
  changes: Partial<MlflowInstanceArgs> = {},
  platform: Partial<MlflowPlatformArgs> = {},
) => runWithMocks(instanceTypes, () => newInstance(instanceArgs(changes, platform)));
