import { z } from "zod";
import { strict } from "../values/problems.ts";
import { expected } from "../values/wrongValue.ts";

/** Who reads the metrics of the environment's instances. */
export const monitoringSchema = strict({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: expected("a namespace's name") })
    .describe("Namespace of the Prometheus; its pods alone reach the port of the metrics, 9464."),
  serviceMonitor: z
    .boolean()
    .optional()
    .describe(
      "Makes a ServiceMonitor of the Prometheus Operator with each instance; the cluster has to know them. Default: false.",
    ),
});
