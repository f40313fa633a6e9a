import type { TokenIssuer, Workload } from "../workloadSettings.ts";

/** Annotation of the Secret with the workloads file: each workload with its role. */
export const workloadsAnnotation = "mlflow-instances/workloads";

/** The issuers that an instance's workloads come from, in the platform's order. */
export const issuersOf = (
  workloads: readonly Workload[],
  issuers: readonly TokenIssuer[],
): TokenIssuer[] =>
  issuers.filter(({ name }) => workloads.some((workload) => workload.issuer === name));

/** Whether the server fetches keys from the cluster. */
export const asksCluster = (issuers: readonly TokenIssuer[]): boolean =>
  issuers.some(({ cluster = false, keys }) => cluster && keys === undefined);

/** The file that the server reads, of the issuers that its workloads come from. Sorted, so that it does not depend on the order of declaration. */
export function workloadsFile(
  audience: string,
  workloads: readonly Workload[],
  issuers: readonly TokenIssuer[],
): string {
  const entries = issuers.map(({ name, url, audience: own, keys, ci, cluster }) => [
    name,
    {
      url,
      ...(own === undefined ? {} : { audience: own }),
      ...(keys === undefined ? {} : { keys: JSON.parse(keys) as unknown }),
      ...(ci === undefined ? {} : { ci }),
      ...(cluster === true ? { cluster } : {}),
    },
  ]);
  const isCluster = (issuer: string) =>
    issuers.some((each) => each.name === issuer && each.cluster);
  return JSON.stringify({
    version: 1,
    audience,
    issuers: Object.fromEntries(entries) as unknown,
    workloads: sorted(workloads).map(({ match, ...workload }) => ({
      ...workload,
      match: isCluster(workload.issuer) ? accountClaim(match) : match,
    })),
  });
}

/** The text of the annotation. */
export const workloadsInPlain = (workloads: readonly Workload[]): string =>
  JSON.stringify(sorted(workloads));

/** A service account as its tokens call it. */
const accountClaim = ({ namespace, serviceAccount }: Record<string, string>) => ({
  sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
});

const sorted = (workloads: readonly Workload[]): Workload[] =>
  [...workloads]
    .map(({ name, issuer, role, match }) => ({
      name,
      issuer,
      role,
      match: Object.fromEntries(
        Object.entries(match).sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
