import { bounds, leastConnections, type Tier } from "@mlflow-instances/components/internal";
import { policyDefaults } from "../../../program/instance/policyDefaults.ts";
import { dayAfter } from "../../../program/values/pullRequest.ts";
import { retentionDays } from "../../../program/values/tiers.ts";

// What stacks/instance.schema.json documents of each field: its least and its greatest value, or
// every value of a list.

export interface Place {
  readonly name: string;
  readonly tier: Tier;
  readonly domain: string;
  readonly today: string;
  /** Days for which the environment's database server keeps backups. */
  readonly backupDays: number | undefined;
  /** The most temporary storage for which the environment's ingress waits. */
  readonly storage: string;
}

type Extremes = readonly [least: unknown, most: unknown];

const days = ({ least, most }: { least: number; most: number }): Extremes => [
  `${least}d`,
  `${most}d`,
];

/** The fields by their path in the file; `*` is any name. */
export const extremes: Readonly<Record<string, (place: Place) => Extremes>> = {
  team: () => ["ab", `a${"-9".repeat(19)}z`],
  owner: () => ["a@b.co", `${"first.last+mlflow".repeat(3)}@${"sub.".repeat(20)}example.com`],
  description: () => ["d", "d".repeat(200)],
  // The longest label of DNS has 63 characters.
  host: ({ name, domain }) => [
    `${name.slice(0, 2)}.${domain}`,
    `${"k".repeat(61)}${name.slice(0, 2)}.${domain}`,
  ],
  tier: ({ tier }) => [tier, tier],
  costCenter: () => ["4", "c".repeat(63)],
  deletedExperimentRetention: ({ tier, backupDays = Infinity }) =>
    days({ ...retentionDays[tier], most: Math.min(retentionDays[tier].most, backupDays) }),
  traceRetention: () => days(bounds.traceRetention),
  "audit.retention": () => days(bounds.auditRetention),
  "staleRuns.after": () => ["1h", `${bounds.staleRunsAfter.most / 24}d`],
  "staleRuns.idle": () => ["1h", `${bounds.staleRunsAfter.most / 24}d`],
  "maintenance.timeZone": () => ["UTC", "America/Argentina/ComodRivadavia"],
  "maintenance.retentionSchedule": () => ["0 0 1 1 *", "* * * * *"],
  "maintenance.staleRunsSchedule": () => ["0 0 1 1 *", "* * * * *"],
  replicas: ({ tier }) => [policyDefaults(tier).replicas, bounds.replicas.most],
  workers: () => [1, bounds.workers.most],
  cpu: () => ["1m", "999999m"],
  "memory.request": () => ["1Mi", "999999Gi"],
  "memory.limit": () => [`${bounds.memoryLimit.least}Mi`, "999999Gi"],
  databaseConnections: ({ tier }) => [
    leastConnections({ replicas: policyDefaults(tier).replicas, workers: 1 }),
    1000,
  ],
  extraAllowedHosts: () => [["a"], ["[::1]:65535", `${"a".repeat(253)}:1`]],
  logLevel: () => ["debug", "error"],
  temporaryStorage: ({ storage }) => ["1Mi", storage],
  "tokens.*.role": ({ tier }) => ["read", policyDefaults(tier).tokenRoles.at(-1)],
  "tokens.*.expires": ({ tier, today }) => [
    "2000-01-01",
    dayAfter(today, policyDefaults(tier).tokenDays),
  ],
  "tokens.*.generation": () => [bounds.tokenGeneration.least, bounds.tokenGeneration.most],
  "tokens.*.previousValidUntil": ({ tier, today }) => [
    // The first value has none before it.
    undefined,
    dayAfter(today, policyDefaults(tier).tokenDays),
  ],
  "tokens.*.deliverTo.namespace": () => ["a", `${"n".repeat(54)}-training`],
  "tokens.*.deliverTo.name": ({ name }) => [name, `${name}.${"n".repeat(252 - name.length)}`],
  "workloads.*.issuer": () => ["gitlab", "gitlab"],
  "workloads.*.role": ({ tier }) => ["read", policyDefaults(tier).tokenRoles.at(-1)],
  "workloads.*.match.*": () => ["a", `a/${"v".repeat(500)}`],
  delete: ({ name }) => [undefined, name],
};

/** A file with each of these fields at its least (0) or its greatest (1) value. */
export function fileAt(end: 0 | 1, place: Place, without: readonly string[] = []): object {
  const file: Record<string, unknown> = {};
  for (const [path, of] of Object.entries(extremes)) {
    const value = of(place)[end];
    if (value === undefined || without.includes(path)) continue;
    // A token and a workload must not have one name.
    const first = path.slice(0, 1);
    const name = end === 0 ? `${first}i` : `${first}${"-i".repeat(19)}z`;
    const keys = path.replace("*", name).replace("*", "claim").split(".");
    let at = file;
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1)!] = value;
  }
  return file;
}
