import type { ApiServer } from "./apiServer.ts";
import { fault, type Asked, type Fault } from "./check.ts";

const api = "/apis/monitoring.coreos.com/v1";

/** Whether the cluster knows the ServiceMonitors that the environment asks for. */
export async function checkMonitoring(
  server: ApiServer,
  where: string,
  { wantsServiceMonitors }: Asked,
): Promise<Fault | undefined> {
  if (!wantsServiceMonitors) return undefined;
  const { status, body } = await server.get(api);
  // The group may be there with other kinds only; a login that may not look finds out later.
  if (status !== 404 && (status !== 200 || serves(body, "servicemonitors"))) return undefined;
  return fault(
    { what: "The Prometheus Operator", where, path: "monitoring.serviceMonitor" },
    "the cluster has no ServiceMonitor (monitoring.coreos.com/v1); install the operator's definitions, or leave serviceMonitor out",
  );
}

const serves = (body: string, resource: string): boolean => {
  const { resources = [] } = JSON.parse(body) as { resources?: readonly { name: string }[] };
  return resources.some(({ name }) => name === resource);
};
