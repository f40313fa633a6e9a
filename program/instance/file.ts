import {
  bounds,
  defaultResources,
  inDays,
  inHours,
  LogLevel,
  tierDefaults,
  TokenRole,
  tokenNamePattern,
  type TierDefaults,
} from "@mlflow-instances/components/internal";
import { z } from "zod";
import { costCenter, owner } from "../values/answerable.ts";
import { extraAllowedHosts } from "../values/allowedHosts.ts";
import { day } from "../values/day.ts";
import { strict } from "../values/problems.ts";
import { schedule, timeZone } from "../values/schedules.ts";
import { retentionDays, tierNames } from "../values/tiers.ts";
import { policyDefaults } from "./policyDefaults.ts";
import { workloadsSchema } from "./workloads.ts";
import { cpu, days, duration, size } from "../values/units.ts";
import { expected, show } from "../values/wrongValue.ts";

const roles = Object.values(TokenRole);

const wrongGeneration = expected(
  `a whole number from ${bounds.tokenGeneration.least} to ${bounds.tokenGeneration.most}`,
);

const tokenSchema = strict({
  role: z
    .enum(roles)
    .describe(
      "read: look at everything. edit: also log and change. manage: also delete and restore. admin: also webhooks and gateway secrets; the policy token-has-allowed-role allows it outside production.",
    ),
  expires: day
    .optional()
    .describe(
      `Last day (UTC) on which the token is valid: as the policy token-expires-in-time allows, which is ${policyDefaults("standard").tokenDays} days after its value was made, in production ${policyDefaults("production").tokenDays}. A date, so that the file always means the same. Default: the environment's, else it has to be given.`,
    ),
  generation: z
    .int({ error: wrongGeneration })
    .min(bounds.tokenGeneration.least, { error: wrongGeneration })
    .max(bounds.tokenGeneration.most, { error: wrongGeneration })
    .optional()
    .describe(
      "Which value of the token this is. The next number makes a new value, without a restart; the previous one is refused within seconds, or after previousValidUntil. Default: 1.",
    ),
  previousValidUntil: day
    .optional()
    .describe(
      "Last day (UTC) on which the value of the generation before is valid too. Default: none, the value before is revoked.",
    ),
  deliverTo: strict({
    namespace: z
      .string()
      .describe("Namespace of the workloads. It exists, and the environment allows it."),
    name: z.string().describe("Name of the Secret. Nothing else has it."),
  })
    .optional()
    .describe(
      "Secret in which the present value is delivered to workloads of the cluster, as MLflow's credentials file. Default: none.",
    ),
});

const tokenName = z.string().regex(tokenNamePattern);

// A count with one message for every way to get it wrong.
const count = (max: number) => {
  const error = expected(`a whole number from 1 to ${max}`);
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
      error: expected(
        "2 to 40 lower-case letters, digits and hyphens, beginning with a letter: it is a label on everything",
      ),
    })
    .describe(
      "Team that the instance belongs to; a label on every object and the key of cost reports.",
    ),
  owner: owner.describe("Where notices about this instance go."),
  description: z
    .string()
    .min(1, { error: "is empty" })
    .max(200, {
      error: ({ input }) => `is ${(input as string).length} characters long; at most 200`,
    })
    .describe("What the instance is for, in one sentence."),
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
      error: expected("a host name in lower case, without scheme and port"),
    })
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
      `Grace between the soft delete of a run, an experiment or a logged model and its final removal from database and bucket: ${inDays(bounds.deletedExperimentRetention)} (production: from ${retentionDays.production.least}d; no longer than the environment's own database server keeps backups). What a registered model version needs and what is tagged keep stays. Default: ${byTier("deletedExperimentRetention")}.`,
    ),
  traceRetention: days
    .optional()
    .describe(
      `Age at which traces of active experiments are removed for good from database and bucket: ${inDays(bounds.traceRetention)}. What is tagged keep stays, and so do the traces of runs that are kept or that a registered model version needs. Default: the environment's, else none, and traces stay.`,
    ),
  audit: strict({
    retention: days
      .optional()
      .describe(
        `Age at which rows of the audit are removed from the instance's database: ${inDays(bounds.auditRetention)}. Default: 180d. A change restarts the pods.`,
      ),
  })
    .optional()
    .describe("The record of changes, deletions and refused requests."),
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
    .describe(
      `Pods of the tracking server; the policy production-has-replicas asks for ${policyDefaults("production").replicas} in production. Default: ${byTier("replicas")}.`,
    ),
  workers: count(bounds.workers.most)
    .optional()
    .describe(`Server processes in each pod. Default: ${byTier("workers")}.`),
  cpu: cpu
    .optional()
    .describe(
      `Guaranteed processor share of a pod, for example 250m. Default: ${byWorkers("cpuRequest")}.`,
    ),
  memory: strict({
    request: size
      .optional()
      .describe(`Guaranteed memory of a pod. Default: ${byWorkers("memoryRequest")}.`),
    limit: size
      .optional()
      .describe(
        `Memory at which a pod is ended, at least ${bounds.memoryLimit.least}Mi. Default: ${byWorkers("memoryLimit")}.`,
      ),
  })
    .optional()
    .describe("Memory of a pod. Default: as its fields say."),
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
  logLevel: z
    .enum(Object.values(LogLevel))
    .optional()
    .describe(
      "From which level on the server logs MLflow's own lines; requests and errors are logged whatever it is. Default: info. A change restarts the pods.",
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
  workloads: workloadsSchema
    .optional()
    .describe(
      "Workloads by name: CI jobs, pods and other services that send a token of one of the environment's issuers. The server rejects a removed one within seconds. Adding the first or removing the last restarts the pods.",
    ),
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
