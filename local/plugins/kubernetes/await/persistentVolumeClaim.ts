// A claim is ready when it is bound, or when its storage class binds only once a pod uses it.
import { kindNamed, storageClasses } from "../kinds.ts";
import { nameOf, namespaceOf, text } from "../objects.ts";
import type { Awaiter } from "./waiting.ts";

const claims = kindNamed("PersistentVolumeClaim");

export const persistentVolumeClaimAwaiter: Awaiter = {
  timeout: 300,
  watched: (object) => [
    {
      kind: claims,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
  ],
  probe: async ({ client, signal }, object) => {
    const live = await client.get(claims, namespaceOf(object), nameOf(object), signal);
    const phase = text(live, "status", "phase");
    if (phase === "Bound") return { state: "ready" };
    const className = text(live, "spec", "storageClassName");
    if (phase === "Pending" && className !== "") {
      const storageClass = await client
        .get(storageClasses, "", className, signal)
        .catch(() => ({}));
      if (text(storageClass, "volumeBindingMode") === "WaitForFirstConsumer")
        return { state: "ready" };
    }
    return {
      state: "waiting",
      progress: `the claim is ${phase === "" ? "new" : phase} (storage class "${className}")`,
    };
  },
};
