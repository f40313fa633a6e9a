import { objectNames } from "./names.ts";

export interface HostFacts {
  host: string;
  namespace: string;
  extraAllowedHosts: readonly string[];
}

export const serverPort = 5000;
export const servicePort = 80;
/** Port of the metrics; the default of OpenTelemetry's exporter for Prometheus. */
export const metricsPort = 9464;

/** Names of the service inside the cluster. */
function serviceHosts(namespace: string): string[] {
  return [
    `${objectNames.service}.${namespace}.svc`,
    `${objectNames.service}.${namespace}.svc.cluster.local`,
  ];
}

/**
 * Values of the `Host` header that the server accepts. MLflow compares them exactly, port included.
 */
export function allowedHosts(facts: HostFacts): string[] {
  const inside = serviceHosts(facts.namespace).flatMap((host) => [
    host,
    `${host}:${servicePort}`,
    `${host}:${serverPort}`,
  ]);
  return [...new Set([facts.host, `${facts.host}:443`, ...inside, ...facts.extraAllowedHosts])];
}

/**
 * Origins whose pages may call the server. Set together with the hosts: without them the UI's own
 * POSTs get 403.
 */
export function corsOrigins(facts: HostFacts): string[] {
  const inside = serviceHosts(facts.namespace).flatMap((host) => [
    `http://${host}`,
    `http://${host}:${serverPort}`,
  ]);
  // Which scheme is in front of such a host is not known; a port-forward has none.
  const extra = facts.extraAllowedHosts.flatMap((host) => [`https://${host}`, `http://${host}`]);
  return [...new Set([`https://${facts.host}`, ...inside, ...extra])];
}
