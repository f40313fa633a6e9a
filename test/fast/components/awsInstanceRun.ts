import type { MlflowInstanceArgs, MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import { awsInstanceArgs, instanceTypes, newInstance } from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

/** Registers an instance on AWS against mocks. */
export const run = (
  changes: Partial<MlflowInstanceArgs> = {},
  platform: Partial<MlflowPlatformArgs> = {},
) => runWithMocks(instanceTypes, () => newInstance(awsInstanceArgs(changes, platform)));

/** What the ARNs of its two roles begin with. */
export const account = "arn:aws:iam::123456789012:role/mlflow-instances/mlflow-prod-fraud-detector";
