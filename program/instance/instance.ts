import {
  bounds,
  inDays,
  inHours,
  isWithin,
  defaultResources,
  leastConnections,
  parseHours,
  preferredConnections,
  resolveMaintenance,
  resolveStaleRuns,
  sharedStorage,
  tierDefaults,
  TokenRole,
  tokenNamePattern,
  type Tier,
  type TierDefaults,
} from "@mlflow-instances/components";
import { z } from "zod";
import { costCenter, owner } from "../values/answerable.ts";
import type { Environment } from "../environment/environment.ts";
import { factsOf } from "../platforms/index.ts";
import { nameProblem } from "../values/naming.ts";
import { strict, type Problem } from "../values/problems.ts";
import { extraAllowedHosts } from "../values/allowedHosts.ts";
import { schedule, timeZone } from "../values/schedules.ts";
import { retentionDays, tierNames } from "../values/tiers.ts";
import { traceRetentionProblem } from "../values/traceRetention.ts";
import { bytesOf, cpu, days, daysOf, duration, show, size } from "../values/units.ts";

const roles = Object.values(TokenRole);

const tokenSchema = strict({
  role: z
    .enum(roles)
    .describe(
      "read: look at everything. edit: also log and change. manage: also delete and restore. admin: also webhooks and gateway secrets.",
    ),
  expires: z.iso
    .date({
      error: (issue) =>
        issue.input === undefined
          ? "is missing; every token ends on a date, for example 2027-02-20"
          : `is ${show(issue.input)}, expected a date such as 2027-02-20`,
    })
    .describe(
      "Last day (UTC) on which the token is valid; at most one year ahead. A date, so that the file always means the same.",
    ),
});

const tokenName = z.string().regex(tokenNamePattern);

// A count with one message for every way to get it wrong.
const count = (max: number) => {
  const error = `is not a whole number from 1 to ${max}`;
  return z.int({ error }).min(1, { error }).max(max, { error });
};

// The component's own defaults, in words: a description that repeats a number by hand is wrong one
// day.
const byTier = (key: keyof TierDefaults) =>
  tierNames.map((tier) => `${tier} ${tierDefaults(tier)[key]}`).join(", ");
const byWorkers = (key: "cpuRequest" | "memoryRequest" | "memoryLimit") =>
  [1, 2, 4].map((workers) => `${defaultResources(workers)[key]} with ${workers}`).join(", ") +
  " workers";

/** What a team writes. Its file name, without the ending, is the instance's name. */
export const instanceFileSchema = strict({
  team: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, {
      error: "is a label on everything: 2 to 40 lower-case letters, digits and hyphens",
    })
    .describe(
      "Team that the instance belongs to; a label on every object and the key of cost reports.",
    ),
  owner: owner.describe("Where notices about this instance go."),
  description: z
    .string()
    .min(1, { error: "is empty" })
    .max(200, { error: "is longer than 200 characters" })
    .describe("What the instance is for, in one sentence."),
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, { error: "is not a host name in lower case" })
    .optional()
    .describe(
      "Host under which the instance is reached, for a name that people already know: one label under the environment's domain. Default: <instance>.<domain>. A change changes the URL of every client.",
    ),
  tier: z
    .enum(tierNames)
    .optional()
    .describe("Named set of defaults. Default: the environment's, else standard."),
  costCenter: costCenter.optional().describe("Tag on cloud resources."),
  deletedExperimentRetention: days
    .optional()
    .describe(
      `Grace between the soft delete of a run, an experiment or a logged model and its final removal from database and bucket: ${inDays(bounds.deletedExperimentRetention)} (production: from ${retentionDays.production.least}d). What a registered model version needs and what is tagged keep stays. Default: ${byTier("deletedExperimentRetention")}.`,
    ),
  traceRetention: days
    .optional()
    .describe(
      `Age at which traces of active experiments are removed for good from database and bucket: ${inDays(bounds.traceRetention)}. What is tagged keep stays, and so do the traces of runs that are kept or that a registered model version needs. Default: the environment's, else none, and traces stay.`,
    ),
  staleRuns: strict({
    after: duration
      .optional()
      .describe(
        `How long a run may be RUNNING before it is looked at: ${inHours(bounds.staleRunsAfter)}. Default: 24h.`,
      ),
    idle: duration
      .optional()
      .describe(
        "For how long it must have logged nothing new: 1h up to after. Default: 6h, or after where that is less.",
      ),
  })
    .optional()
    .describe(
      "When a run that died without a word is set to FAILED. The tag keep-running exempts a run.",
    ),
  maintenance: strict({
    timeZone: timeZone
      .optional()
      .describe(
        "Time zone of the schedules, for example Europe/Berlin. Default: the environment's, else Etc/UTC.",
      ),
    retentionSchedule: schedule
      .optional()
      .describe(
        'When what was deleted long enough ago is removed, as a cron expression such as "17 2 * * *". Default: once a night between 1 and 5, at a time that follows from the instance\'s name.',
      ),
    staleRunsSchedule: schedule
      .optional()
      .describe(
        "When runs that died are looked for, as a cron expression. Default: hourly, at a minute that follows from the instance's name.",
      ),
  })
    .optional()
    .describe("When the maintenance jobs run."),
  replicas: count(bounds.replicas.most)
    .optional()
    .describe(`Pods of the tracking server. Default: ${byTier("replicas")}.`),
  workers: count(bounds.workers.most)
    .optional()
    .describe(`Server processes in each pod. Default: ${byTier("workers")}.`),
  cpu: cpu
    .optional()
    .describe(
      `Guaranteed processor share of a pod, for example 250m. Default: ${byWorkers("cpuRequest")}.`,
    ),
  memory: strict({
    request: size.describe("Guaranteed memory of a pod."),
    limit: size.describe("Memory at which a pod is ended."),
  })
    .optional()
    .describe(
      `Memory of a pod. Default: request ${byWorkers("memoryRequest")}; limit ${byWorkers("memoryLimit")}.`,
    ),
  databaseConnections: count(1000)
    .optional()
    .describe(
      "Connections to the database that the tracking server may hold at once; requests wait for a free one. Default: 6 for each worker and store, a rollout included, such as 31 for a sandbox.",
    ),
  extraAllowedHosts: extraAllowedHosts
    .optional()
    .describe(
      "Further Host values that the server accepts, port included where the client's URL has one, for example localhost:15056 for `kubectl port-forward svc/mlflow 15056:80`. Default: the environment's, else none. A change restarts the pods.",
    ),
  temporaryStorage: size
    .optional()
    .describe(
      `Size limit of a pod's temporary volume. Artifacts are streamed past it; the idle time-out of the load balancer follows from it. Default: ${byTier("temporaryStorage")}.`,
    ),
  tokens: z
    .record(tokenName, tokenSchema, {
      error: (issue) =>
        issue.code === "invalid_key"
          ? "a token's name is 2 to 40 lower-case letters, digits and hyphens, beginning with a letter"
          : undefined,
    })
    .optional()
    .describe("Access tokens by name. Removing one revokes it."),
  delete: z
    .string({
      error: (issue) =>
        `is ${show(issue.input)}, not a text; to delete the instance, write its name here`,
    })
    .optional()
    .describe(
      "The instance's own name, to delete it. The next up stops it, writes a last dump of its database into its bucket and takes the protection of its data away; " +
        "removing the file then removes everything. Until then, taking this line out brings it back.",
    ),
});

export type InstanceFile = z.output<typeof instanceFileSchema>;

interface TokenSpec {
  readonly name: string;
  readonly role: TokenRole;
  readonly expires: string;
}

/** One instance with every default filled in: what the program makes, and what a golden shows. */
export interface InstanceSpec {
  readonly name: string;
  readonly environment: string;
  readonly team: string;
  readonly owner: string;
  readonly description: string;
  readonly tier: Tier;
  readonly costCenter?: string;
  readonly bucket: string;
  readonly host: string;
  readonly deletedExperimentRetention: string;
  readonly traceRetention?: string;
  readonly staleRuns: { readonly after: string; readonly idle: string };
  readonly maintenance: {
    readonly timeZone: string;
    readonly retentionSchedule: string;
    readonly staleRunsSchedule: string;
  };
  readonly protect: boolean;
  /** Its file says `delete:`, so the next `up` prepares it to go. */
  readonly deletion: boolean;
  readonly replicas: number;
  readonly workers: number;
  readonly cpu: string;
  readonly memory: { readonly request: string; readonly limit: string };
  readonly databaseConnections: number;
  readonly temporaryStorage: string;
  readonly extraAllowedHosts: string[];
  readonly tokens: readonly TokenSpec[];
}

/** The latest day allowed for a token: the same day of the next year. */
export function latestExpiry(today: string): string {
  const [year, rest] = [Number(today.slice(0, 4)), today.slice(4)];
  return `${year + 1}${rest === "-02-29" ? "-03-01" : rest}`;
}

/**
 * Everything wrong in a file that its schema alone can't see. `today` is used for one check only,
 * the upper bound of a token's expiry. As days pass, the bound moves away from a given date, so a
 * file that was accepted once is accepted for ever; an expired token is no problem either, since
 * the server refuses it. So the outcome never turns bad by itself, and the spec does not depend on
 * the clock at all.
 */
export function problemsIn(
  environment: Environment,
  name: string,
  file: InstanceFile,
  today: string,
): Problem[] {
  const problems: Problem[] = [];
  const add = (path: (string | number)[], message: string) => problems.push({ path, message });

  if (file.delete !== undefined && file.delete !== name) {
    add(
      ["delete"],
      `is ${show(file.delete)}; to delete this instance, write its name, ${show(name)}`,
    );
  }

  const { domain } = environment;
  // Certificates and DNS records with a wildcard reach one label deep.
  if (
    file.host !== undefined &&
    !(file.host.endsWith(`.${domain}`) && !file.host.slice(0, -domain.length - 1).includes("."))
  )
    add(
      ["host"],
      `is ${show(file.host)}, outside the environment's domain; expected <name>.${domain}`,
    );

  const bucket = bucketName(environment, name);
  if (bucket.length > 63)
    add(
      [],
      `the bucket would be named ${bucket} (${bucket.length} characters, at most 63); shorten the file's name`,
    );

  const spec = resolve(environment, name, file);
  const ofTier = retentionDays[spec.tier];
  const own = environment.bounds?.deletedExperimentRetention;
  const narrowed = {
    least: Math.max(ofTier.least, own ? daysOf(own.min) : 0),
    most: Math.min(ofTier.most, own ? daysOf(own.max) : Infinity),
  };
  if (!isWithin(daysOf(spec.deletedExperimentRetention), narrowed)) {
    add(
      ["deletedExperimentRetention"],
      `is ${spec.deletedExperimentRetention}, outside ${inDays(narrowed)} of tier ${spec.tier} in ${environment.name}`,
    );
  }

  const ofTraces = traceRetentionProblem(spec.traceRetention, environment.bounds?.traceRetention);
  if (ofTraces !== undefined) add(["traceRetention"], ofTraces);

  const { after, idle } = spec.staleRuns;
  const [afterHours, idleHours] = [parseHours(after)!, parseHours(idle)!];
  if (!isWithin(afterHours, bounds.staleRunsAfter))
    add(["staleRuns", "after"], `is ${after}, outside ${inHours(bounds.staleRunsAfter)}`);
  if (idleHours > afterHours)
    add(["staleRuns", "idle"], `is ${idle}, more than after, which is ${after}`);

  if (bytesOf(spec.memory.limit) < bytesOf(spec.memory.request)) {
    add(
      ["memory", "limit"],
      `is ${spec.memory.limit}, less than the request of ${spec.memory.request}`,
    );
  }

  const shared = sharedStorage(environment.platform.ingress);
  if (shared !== undefined && bytesOf(spec.temporaryStorage) > bytesOf(shared))
    add(
      ["temporaryStorage"],
      `is ${spec.temporaryStorage}, more than ${shared}, for which the shared load balancer waits; raise platform.ingress.groupTemporaryStorage of ${environment.name} first`,
    );

  const least = leastConnections(spec);
  if (spec.databaseConnections < least) {
    add(
      ["databaseConnections"],
      `is ${spec.databaseConnections}, too few for ${spec.replicas} replicas x ${spec.workers} workers; at least ${least}`,
    );
  }

  const latest = latestExpiry(today);
  for (const token of spec.tokens) {
    if (token.expires > latest)
      add(
        ["tokens", token.name, "expires"],
        `is ${token.expires}, more than a year ahead; at most ${latest}`,
      );
  }
  return problems;
}

/** The tier of an instance, its default filled in. */
export const tierOf = (environment: Environment | undefined, file: InstanceFile): Tier =>
  file.tier ?? environment?.defaults?.tier ?? "standard";

/** Why the file's name can't be an instance's name, as a problem of the whole file. */
export const problemsInName = (name: string, tier: Tier | undefined): Problem[] => {
  const problem = nameProblem(name, tier);
  return problem === undefined
    ? []
    : [{ path: [], message: `the instance's name "${name}" ${problem}` }];
};

// In a review environment the instance's name says which environment it is.
const bucketName = ({ name: environment, preview, platform }: Environment, name: string) =>
  `${factsOf(platform).bucketPrefix ?? (preview === undefined ? `mlflow-${environment}` : "mlflow")}-${name}`;

/** Fills in every default. Pure: the same environment and file always give the same spec. */
export function resolve(environment: Environment, name: string, file: InstanceFile): InstanceSpec {
  const tierName = tierOf(environment, file);
  const tier = tierDefaults(tierName);
  const [replicas, workers] = [file.replicas ?? tier.replicas, file.workers ?? tier.workers];
  const resources = defaultResources(workers);
  const traceRetention = file.traceRetention ?? environment.defaults?.traceRetention;
  return {
    name,
    environment: environment.name,
    team: file.team,
    owner: file.owner,
    description: file.description,
    tier: tierName,
    ...(file.costCenter === undefined ? {} : { costCenter: file.costCenter }),
    bucket: bucketName(environment, name),
    host: file.host ?? `${name}.${environment.domain}`,
    deletedExperimentRetention:
      file.deletedExperimentRetention ??
      environment.defaults?.deletedExperimentRetention ??
      tier.deletedExperimentRetention,
    ...(traceRetention === undefined ? {} : { traceRetention }),
    staleRuns: resolveStaleRuns(file.staleRuns),
    maintenance: resolveMaintenance(name, {
      ...file.maintenance,
      timeZone: file.maintenance?.timeZone ?? environment.defaults?.timeZone,
    }),
    protect: environment.preview === undefined,
    deletion: file.delete !== undefined,
    replicas,
    workers,
    cpu: file.cpu ?? resources.cpuRequest,
    memory: file.memory ?? { request: resources.memoryRequest, limit: resources.memoryLimit },
    databaseConnections: file.databaseConnections ?? preferredConnections({ replicas, workers }),
    temporaryStorage: file.temporaryStorage ?? tier.temporaryStorage,
    extraAllowedHosts: file.extraAllowedHosts ?? environment.defaults?.extraAllowedHosts ?? [],
    // Sorted, so that the order of lines in a file changes nothing.
    tokens: Object.entries(file.tokens ?? {})
      .map(([tokenName, token]) => ({ name: tokenName, role: token.role, expires: token.expires }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
