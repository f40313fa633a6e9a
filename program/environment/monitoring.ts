import { z } from "zod";
import { strict } from "../values/problems.ts";
import { expected } from "../values/wrongValue.ts";

/** The monitoring system that scrapes the metrics of the environment's instances. */
export const monitoringSchema = strict({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: expected("a namespace's name") })
    .describe(
      "Namespace of Prometheus. The network policy admits only its pods to the metrics port 9464.",
    ),
  serviceMonitor: z
    .boolean()
    .optional()
    .describe(
      "Whether each instance gets a ServiceMonitor of the Prometheus Operator. The cluster must have its CRD. Default: false.",
    ),
});
