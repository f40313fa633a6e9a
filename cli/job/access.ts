import type { V1SelfSubjectAccessReview } from "@kubernetes/client-node";
import { ClusterError, type Cluster } from "./cluster.ts";

// All that a command does after the CronJob is read. To find the last of it missing when a removal
// has begun would be too late.
const needed = [
  { verb: "create", group: "batch", resource: "jobs" },
  { verb: "get", group: "batch", resource: "jobs" },
  { verb: "delete", group: "batch", resource: "jobs" },
  { verb: "list", resource: "pods" },
  { verb: "get", resource: "pods", subresource: "log" },
] as const;

/** The rights in the namespace that the login lacks, such as `create jobs.batch`. */
export async function missingRights(cluster: Cluster, namespace: string): Promise<string[]> {
  const answers = await Promise.all(
    needed.map(async (attributes) => {
      const body: V1SelfSubjectAccessReview = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { namespace, ...attributes } },
      };
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      try {
        const review = await cluster.json<V1SelfSubjectAccessReview>(path, {
          method: "POST",
          body,
        });
        return review.status?.allowed === true;
      } catch (error) {
        // A cluster that doesn't even say what one may do says so at the deed.
        if (error instanceof ClusterError && error.status === 403) return true;
        throw error;
      }
    }),
  );
  return needed.filter((_, index) => answers[index] === false).map(nameOf);
}

function nameOf(right: (typeof needed)[number]): string {
  const group = "group" in right ? `.${right.group}` : "";
  const subresource = "subresource" in right ? `/${right.subresource}` : "";
  return `${right.verb} ${right.resource}${group}${subresource}`;
}
