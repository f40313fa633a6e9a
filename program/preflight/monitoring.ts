import type { ApiServer } from "./apiServer.ts";
import { fault, type Asked, type Fault } from "./check.ts";

const api = "/apis/monitoring.coreos.com/v1";

/** Whether the cluster knows the ServiceMonitors that the environment asks for. */
export async function checkMonitoring(
  server: ApiServer,
  where: string,
  { wantsServiceMonitors }: Asked,
): Promise<Fault | undefined> {
  if (!wantsServiceMonitors || (await server.get(api)).status !== 404) return undefined;
  return fault(
    { what: "The Prometheus Operator", where, path: "monitoring.serviceMonitor" },
    "the cluster has no ServiceMonitor (monitoring.coreos.com/v1); install the operator's definitions, or leave serviceMonitor out",
  );
}
