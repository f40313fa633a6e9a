// A Service is ready when it leads to a pod, and has an address if it asks for a load balancer. The
// official provider then waits another 10 s for more endpoints to come; what it waits for changes
// nothing in its answer.
import type { Properties } from "../../shared/values.ts";
import { endpointSlices, kindNamed } from "../kinds.ts";
import { at, list, nameOf, namespaceOf, text } from "../objects.ts";
import type { Awaiter, Watched } from "./waiting.ts";

const services = kindNamed("Service");

function slicesOf(service: string, namespace: string): Watched {
  return {
    kind: endpointSlices,
    namespace,
    query: { labelSelector: `kubernetes.io/service-name=${service}` },
  };
}

/**
 * Services without a selector, without an address or with a name elsewhere have no pods that the
 * cluster looks after.
 */
function leadsToPods(service: Properties): boolean {
  return (
    text(service, "spec", "type") !== "ExternalName" &&
    text(service, "spec", "clusterIP") !== "None" &&
    at(service, "spec", "selector") !== undefined
  );
}

export const serviceAwaiter: Awaiter = {
  timeout: 600,
  watched: (object) => [
    slicesOf(nameOf(object), namespaceOf(object)),
    {
      kind: services,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
  ],
  probe: async ({ client, signal }, object) => {
    const namespace = namespaceOf(object);
    const live = await client.get(services, namespace, nameOf(object), signal);
    if (leadsToPods(live)) {
      const slices = await client.list(
        endpointSlices,
        namespace,
        slicesOf(nameOf(object), namespace).query,
        signal,
      );
      if (!slices.some((slice) => list(slice, "endpoints").length > 0)) {
        return {
          state: "waiting",
          progress:
            "the Service leads to no pods: none are ready, or spec.selector matches no pod's labels",
        };
      }
    }
    if (
      text(live, "spec", "type") === "LoadBalancer" &&
      list(live, "status", "loadBalancer", "ingress").length === 0
    ) {
      return {
        state: "waiting",
        progress: "the Service has no load balancer address; does the cluster provide any?",
      };
    }
    return { state: "ready" };
  },
};
