import { z } from "zod";
import { bytesOf } from "../model/quantities.ts";
import { placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { containersOf, isTrackingServer, serverTypes, variableOf } from "../model/workloads.ts";

const variable = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION";

const quantity = z
  .string()
  .refine((text) => bytesOf(text) !== undefined, { error: "is not a quantity such as 2Gi" });

export const jobExecutionHasMemory = resourceRule({
  name: "job-execution-has-memory",
  pack: "security",
  severity: "medium",
  demand: "The tracking server runs no jobs of its users, or has the memory for them.",
  reason:
    "MLflow runs them by default, as processes of 180 MB each beside the server, which then ends for want of memory.",
  steps:
    "Set MLFLOW_SERVER_ENABLE_JOB_EXECUTION to false, or raise memory.limit in the instance's file.",
  settings: z.object({
    memory: bounds(quantity, "2Gi").describe("Least memory limit of a server that runs jobs."),
  }),
  types: serverTypes,
  *check(server, { settings }) {
    if (!isTrackingServer(server)) return;
    if (/^(false|0)$/i.test(variableOf(server, variable) ?? "true")) return;
    const wanted = boundFor(settings.memory, placeOf(server));
    const limits = containersOf(server).map(
      ({ value }) => bytesOf(value["resources"]?.limits?.memory ?? 0) ?? 0,
    );
    if (Math.max(0, ...limits) >= bytesOf(wanted)!) return;
    yield `Set the variable ${variable} to false, or give the server a memory limit of ${wanted} or more (memory.limit).`;
  },
});
