// A quota is ready when the controller has taken over its limits; until then it refuses pods.
import { sameValue } from "../../shared/values.ts";
import { kindNamed } from "../kinds.ts";
import { at, nameOf, namespaceOf } from "../objects.ts";
import type { Awaiter } from "./waiting.ts";

const quotas = kindNamed("ResourceQuota");

export const resourceQuotaAwaiter: Awaiter = {
  timeout: 60,
  watched: (object) => [
    {
      kind: quotas,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
  ],
  probe: async ({ client, signal }, object) => {
    const live = await client.get(quotas, namespaceOf(object), nameOf(object), signal);
    if (sameValue(at(live, "spec", "hard"), at(live, "status", "hard"))) return { state: "ready" };
    return { state: "waiting", progress: "waiting for the quota controller" };
  },
};
