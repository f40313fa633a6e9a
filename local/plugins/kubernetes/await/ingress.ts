// An Ingress is ready when its controller has written an address to its status and every backend
// Service has endpoints to route to.
import type { Properties } from "../../shared/values.ts";
import { endpointSlices, kindNamed } from "../kinds.ts";
import { isNotFound } from "../apiError.ts";
import { list, nameOf, namespaceOf, text } from "../objects.ts";
import type { Awaiter, Waiting } from "./waiting.ts";

const ingresses = kindNamed("Ingress");
const services = kindNamed("Service");

function backends(ingress: Properties): string[] {
  const paths = list(ingress, "spec", "rules").flatMap((rule) => list(rule, "http", "paths"));
  return [
    ...new Set(
      paths.map((path) => text(path, "backend", "service", "name")).filter((name) => name !== ""),
    ),
  ];
}

async function isRoutable(
  { client, signal }: Waiting,
  namespace: string,
  service: string,
): Promise<boolean> {
  try {
    if (
      text(await client.get(services, namespace, service, signal), "spec", "type") ===
      "ExternalName"
    )
      return true;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return false;
  }
  return (
    (
      await client.list(
        endpointSlices,
        namespace,
        { labelSelector: `kubernetes.io/service-name=${service}` },
        signal,
      )
    ).length > 0
  );
}

export const ingressAwaiter: Awaiter = {
  timeout: 600,
  watched: (object) => [
    {
      kind: ingresses,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
    { kind: endpointSlices, namespace: namespaceOf(object), query: {} },
  ],
  probe: async (waiting, object) => {
    const namespace = namespaceOf(object);
    const live = await waiting.client.get(ingresses, namespace, nameOf(object), waiting.signal);
    for (const service of backends(live)) {
      if (!(await isRoutable(waiting, namespace, service)))
        return {
          state: "waiting",
          progress: `no Service "${service}" with endpoints for the Ingress`,
        };
    }
    if (list(live, "status", "loadBalancer", "ingress").length > 0) return { state: "ready" };
    const className = text(live, "spec", "ingressClassName");
    return {
      state: "waiting",
      progress: `the controller of ingress class "${className}" has written no address to the status`,
    };
  },
};
