import { z } from "zod";
import { extraAllowedHosts } from "../values/allowedHosts.ts";
import { day } from "../values/day.ts";
import { foreignAudience, identitySchema } from "./identity.ts";
import { monitoringSchema } from "./monitoring.ts";
import { factsOf, platformSchema } from "../platforms/index.ts";
import type { Surroundings } from "../platforms/kind.ts";
import type { Add } from "../platforms/shared.ts";
import { traefikNotes, traefikProblem } from "../platforms/traefik.ts";
import { reviewProblems, reviewSchema } from "../values/pullRequest.ts";
import { secretKeys } from "../values/secretKeys.ts";
import { check, looksSecret, strict, unknownKey, type Problem } from "../values/problems.ts";
import { timeZone } from "../values/schedules.ts";
import { tierNames } from "../values/tiers.ts";
import { isTraceRetention, traceRetentionRange } from "../values/traceRetention.ts";
import { days, daysOf } from "../values/units.ts";
import { suggestion } from "../values/nearest.ts";
import { expected } from "../values/wrongValue.ts";

const range = strict({
  min: days.describe("The least that an instance may have."),
  max: days.describe("The most that it may have."),
}).refine(({ min, max }) => daysOf(min) <= daysOf(max), {
  error: ({ input }) => {
    const { min, max } = input as { min: string; max: string };
    return `has the min ${min}, above its max ${max}`;
  },
});

/**
 * The plain values of an environment, without its name: the object under the config key
 * `environment`.
 */
export const environmentSchema = strict({
  domain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?$/, { error: expected("a domain in lower case") })
    .describe("Instances are at https://<instance>.<domain>."),
  platform: platformSchema.describe("What the environment gives to its instances."),
  identity: identitySchema
    .optional()
    .describe(
      "Issuers that sign tokens of workloads. Default: none, and instances accept access tokens only.",
    ),
  monitoring: monitoringSchema
    .optional()
    .describe(
      "The monitoring system that may scrape the instances' metrics. Adding or removing it restarts the pods. Default: none, and the server has no metrics port.",
    ),
  artifacts: strict({
    access: z
      .enum(["proxied", "presigned"])
      .describe(
        "proxied: clients need only the tracking server. presigned: clients reach the object store themselves.",
      ),
  }).describe("How clients move artifacts."),
  defaults: strict({
    tier: z
      .enum(tierNames)
      .optional()
      .describe("Tier of instances whose file names none. Default: standard."),
    deletedExperimentRetention: days
      .optional()
      .describe("Grace before a deletion is final, where a file says none. Default: by tier."),
    traceRetention: days
      .refine(isTraceRetention, { error: expected(traceRetentionRange) })
      .optional()
      .describe(
        `Age at which traces of active experiments are removed, where a file says none: ${traceRetentionRange}. Default: none, they stay.`,
      ),
    extraAllowedHosts: extraAllowedHosts
      .optional()
      .describe(
        "Further Host values that every instance's server accepts, such as localhost:15056 for a port-forward. Default: none.",
      ),
    tokenExpires: day
      .optional()
      .describe(
        "Last day (UTC) of tokens whose file names none. Default: none, and each file says it.",
      ),
    timeZone: timeZone
      .optional()
      .describe("Time zone of the maintenance jobs' schedules. Default: Etc/UTC."),
  })
    .optional()
    .describe("What an instance file that is silent gets."),
  bounds: strict({
    deletedExperimentRetention: range
      .optional()
      .describe("Bounds of the grace before a deletion is final, on top of those of the tier."),
    traceRetention: range
      .optional()
      .describe(
        `Bounds of the age at which traces are removed, of instances that remove them. Default: ${traceRetentionRange}.`,
      ),
    tokenNamespaces: z
      .array(
        z.string().regex(/^(?=.{1,63}$)[a-z0-9-]*\*?[a-z0-9-]*$/, {
          error: expected("a namespace's name, in which one * stands for any characters"),
        }),
      )
      .optional()
      .describe(
        "Namespaces to which an instance may deliver a token, such as *-training. Default: none.",
      ),
  })
    .optional()
    .describe("What an instance file may not go beyond."),
  preview: reviewSchema
    .optional()
    .describe(
      "Makes this the review environment of a pull request. Default: none. `npx mlflow-instances review-environment` writes it.",
    ),
});

/** An environment: its name (the Pulumi stack) and its plain values. Secrets are never in it. */
export type Environment = z.output<typeof environmentSchema> & { readonly name: string };

/** The environment, as far as its platform needs it. */
export const surroundingsOf = ({ name, defaults, preview }: Environment): Surroundings => ({
  name,
  tier: defaults?.tier,
  isPreview: preview !== undefined,
});

/**
 * Notes on each thing that is weaker in this environment than it could be, told with every update:
 * nothing may be so in silence.
 */
export const notesOn = ({ platform }: Environment): string[] => [
  ...factsOf(platform).notes,
  ...traefikNotes(platform.ingress),
];

function checkPlatform(environment: Environment, add: Add): void {
  const { platform } = environment;
  const misplaced = traefikProblem(platform.ingress);
  if (misplaced !== undefined) add(["ingress", "traefik"], misplaced);
  factsOf(platform).check(surroundingsOf(environment), add);
}

/**
 * Config as the pure core sees it: which keys are set, which of them are secret, and the text of
 * the plain ones only.
 */
export interface RawConfig {
  readonly stack: string;
  readonly keys: ReadonlyMap<string, { readonly secret: boolean; readonly plain?: string }>;
}

/** Config keys that are readable. */
export const plainKeys = ["environment", "instancesFolder", "cluster"] as const;

/**
 * Checks every config key of this project; paths begin with the key. `today` bounds how long a
 * preview may live: the bound moves away from a given date, so what was right once stays right.
 */
export function parseEnvironment(
  config: RawConfig,
  today?: string,
): { environment?: Environment; problems: Problem[] } {
  const problems: Problem[] = [];
  const add = (key: string, message: string) => problems.push({ path: [key], message });

  for (const [key, { secret }] of config.keys) {
    if (key in secretKeys) {
      if (!secret)
        add(
          key,
          "is in plain text; set it with `pulumi config set --secret` (and change it where it is used: it was readable)",
        );
    } else if (!(plainKeys as readonly string[]).includes(key)) {
      if (looksSecret(key))
        add(
          key,
          `unknown key that looks like a secret; ${suggestion(key, Object.keys(secretKeys))}the secret keys are ${Object.keys(secretKeys).join(", ")}`,
        );
      else add(key, unknownKey(key, [...plainKeys, ...Object.keys(secretKeys)]));
    } else if (secret)
      add(
        key,
        "is encrypted, but reviewers must be able to read it; only the secrets have keys of their own",
      );
  }

  const text = config.keys.get("environment")?.plain;
  if (text === undefined) {
    if (!config.keys.has("environment")) add("environment", "is missing");
    return { problems };
  }
  const parsed = check(environmentSchema, parseJson(text));
  problems.push(
    ...parsed.problems.map((problem) => ({ ...problem, path: ["environment", ...problem.path] })),
  );
  if (parsed.data) {
    const environment = { name: config.stack, ...parsed.data };
    checkPlatform(environment, (path, message) =>
      problems.push({ path: ["environment", "platform", ...path], message }),
    );
    for (const [name, issuer] of Object.entries(environment.identity?.issuers ?? {})) {
      const host = foreignAudience(issuer, environment.domain);
      if (host !== undefined)
        problems.push({
          path: ["environment", "identity", "issuers", name, "audience"],
          message: `is of the host ${host}, outside the environment's domain ${environment.domain}: a token for another service would open instances`,
        });
    }
    const previews = reviewProblems(config.stack, parsed.data.preview, today);
    problems.push(
      ...previews.map((problem) => ({ ...problem, path: ["environment", ...problem.path] })),
    );
  }

  // Of a platform that is wrong, nothing is known.
  const facts = parsed.data && factsOf(parsed.data.platform);
  for (const key of facts?.needs ?? []) {
    if (!config.keys.has(key))
      add(key, `is missing: ${secretKeys[key]}; set it with \`pulumi config set --secret\``);
  }
  for (const [key, why] of Object.entries(facts?.useless ?? {})) {
    if (config.keys.has(key)) add(key, `is set, but ${why}; remove it with \`pulumi config rm\``);
  }
  if (parsed.data === undefined || problems.length > 0) return { problems };
  return { environment: { name: config.stack, ...parsed.data }, problems };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
