// A Job is ready when it has completed; a failed one shows the end of its pods' logs.
import type { Properties } from "../../shared/values.ts";
import { kindNamed } from "../kinds.ts";
import { condition, isOwnedBy, nameOf, namespaceOf, number, text } from "../objects.ts";
import { reasonsOfPods } from "./pods.ts";
import type { Awaiter, Readiness } from "./waiting.ts";

const jobs = kindNamed("Job");

export function jobReadiness(live: Properties): Readiness {
  if (condition(live, "Complete")?.["status"] === "True") return { state: "ready" };
  const failed = condition(live, "Failed");
  if (failed?.["status"] === "True")
    return { state: "failed", reason: `[${text(failed, "reason")}] ${text(failed, "message")}` };
  const succeeded = number(live, "status", "succeeded") ?? 0;
  const failures = number(live, "status", "failed") ?? 0;
  return {
    state: "waiting",
    progress: `${succeeded} of ${number(live, "spec", "completions") ?? 1} completed${failures > 0 ? `, ${failures} failed` : ""}`,
  };
}

export const jobAwaiter: Awaiter = {
  timeout: 600,
  watched: (object) => [
    {
      kind: jobs,
      namespace: namespaceOf(object),
      query: { fieldSelector: `metadata.name=${nameOf(object)}` },
    },
  ],
  probe: async ({ client, signal }, object) =>
    jobReadiness(await client.get(jobs, namespaceOf(object), nameOf(object), signal)),
  reasons: async (waiting, object) =>
    await reasonsOfPods(
      waiting,
      namespaceOf(object),
      { "batch.kubernetes.io/job-name": nameOf(object) },
      (pod) => isOwnedBy(pod, object),
    ),
};
