import { z } from "zod";
import { extraAllowedHosts } from "./values/allowedHosts.ts";
import { awsNotes, awsPlatformSchema, checkAws, type AwsPlatform } from "./platforms/aws.ts";
import { checkExisting, existingPlatformSchema, missingFeatures } from "./platforms/existing.ts";
import type { ServerHome } from "./platforms/rds.ts";
import type { Add } from "./platforms/shared.ts";
import { traefikNotes, traefikProblem } from "./platforms/traefik.ts";
import { dayAfter, previewDays, pullRequestOf } from "./previewEnvironment.ts";
import { check, looksSecret, strict, type Problem } from "./values/problems.ts";
import { timeZone } from "./values/schedules.ts";
import { tierNames } from "./values/tiers.ts";
import { isTraceRetention, traceRetentionRange } from "./values/traceRetention.ts";
import { days, daysOf, show } from "./values/units.ts";

const previewSchema = strict({
  pullRequest: z.int().min(1).describe("Number of the pull request; the stack is named pr-<number>."),
  until: z.iso
    .date({
      error: (issue) =>
        issue.input === undefined ? "is missing" : `is ${show(issue.input)}, expected a date in quotes, such as "2027-02-20"`,
    })
    .describe("Last day (UTC) of the environment and of its tokens; the day after, the reaper destroys it. At most 14 days ahead."),
  instances: z
    .array(z.string())
    .min(1, { error: "is empty; a preview is of one instance at least" })
    .describe(
      "Names of the files in instancesFolder that are previewed; instance fraud-detector is named pr-<number>-fraud-detector here.",
    ),
});

const range = strict({
  min: days.describe("The least that an instance may have."),
  max: days.describe("The most that it may have."),
}).refine(({ min, max }) => daysOf(min) <= daysOf(max), { error: "has a min above its max" });

/** The plain values of an environment, without its name: the object under the config key `environment`. */
export const environmentSchema = strict({
  domain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?$/, { error: "is not a domain in lower case" })
    .describe("Instances are at https://<instance>.<domain>."),
  platform: z
    .discriminatedUnion("kind", [existingPlatformSchema, awsPlatformSchema])
    .describe("What the environment gives to its instances."),
  artifacts: strict({
    access: z
      .enum(["proxied", "presigned"])
      .describe("proxied: clients need only the tracking server. presigned: clients reach the object store themselves."),
  }).describe("How clients move artifacts."),
  defaults: strict({
    tier: z.enum(tierNames).optional().describe("Tier of instances whose file names none. Default: standard."),
    deletedExperimentRetention: days.optional().describe("Grace before a deletion is final, where a file says none. Default: by tier."),
    traceRetention: days
      .refine(isTraceRetention, { error: `is outside ${traceRetentionRange}` })
      .optional()
      .describe("Age at which traces of active experiments are removed, where a file says none: 7d to 730d. Default: none, they stay."),
    extraAllowedHosts: extraAllowedHosts
      .optional()
      .describe("Further Host values that every instance's server accepts, such as localhost:15056 for a port-forward. Default: none."),
    timeZone: timeZone.optional().describe("Time zone of the maintenance jobs' schedules. Default: Etc/UTC."),
  })
    .optional()
    .describe("What an instance file that is silent gets."),
  bounds: strict({
    deletedExperimentRetention: range.optional().describe("Bounds of the grace before a deletion is final, on top of those of the tier."),
    traceRetention: range
      .optional()
      .describe("Bounds of the age at which traces are removed, of instances that remove them. Default: 7d to 730d."),
  })
    .optional()
    .describe("What an instance file may not go beyond."),
  preview: previewSchema
    .optional()
    .describe("Makes this the preview environment of a pull request. Default: none. `npm run preview-environment` writes it."),
});

/** An environment: its name (the Pulumi stack) and its plain values. Secrets are never in it. */
export type Environment = z.output<typeof environmentSchema> & { readonly name: string };

export type Platform = Environment["platform"];

/** The environment's limit of connections, with its config path. */
export function connectionLimit(platform: Platform): { maxConnections: number; path: string[] } {
  const [server, path] =
    platform.kind === "existing"
      ? [platform.postgresql, ["postgresql"]]
      : platform.database.rds !== undefined
        ? [platform.database.rds, ["database", "rds"]]
        : [platform.database.given, ["database", "given"]];
  return { maxConnections: server.maxConnections, path: ["environment", "platform", ...path, "maxConnections"] };
}

/** What is weaker in this environment than it could be, a line each, to be said with every update: nothing may be so in silence. */
export const notesOn = ({ platform }: Environment): string[] => [
  ...(platform.kind === "existing" ? missingFeatures(platform) : awsNotes(platform)),
  ...traefikNotes(platform.ingress),
];

/** What the environment's own database server is made for; for kind aws only. */
export const serverHomeOf = ({ name, defaults, preview }: Environment, { region, accountId, vpc }: AwsPlatform): ServerHome => ({
  name,
  region,
  accountId,
  vpcId: vpc.id,
  tier: defaults?.tier,
  isPreview: preview !== undefined,
});

function checkPlatform(environment: Environment, add: Add): void {
  const { platform } = environment;
  const misplaced = traefikProblem(platform.ingress);
  if (misplaced !== undefined) add(["ingress", "traefik"], misplaced);
  if (platform.kind === "existing") checkExisting(platform, add);
  else checkAws(platform, serverHomeOf(environment, platform), add);
}

// A stack by that name is destroyed by the reaper one day, any other never: the name and the value must say the same.
function previewProblems(stack: string, preview: Environment["preview"], today: string | undefined): Problem[] {
  const pullRequest = pullRequestOf(stack);
  if (preview === undefined) {
    if (pullRequest === undefined) return [];
    return [
      {
        path: ["preview"],
        message: `is missing: a stack named ${stack} is a preview environment; \`npm run preview-environment -- up\` makes it`,
      },
    ];
  }
  const problems: Problem[] = [];
  if (pullRequest !== preview.pullRequest) {
    const message = `is ${preview.pullRequest}, but the stack is named ${stack}; a preview environment is the stack pr-${preview.pullRequest} and no other`;
    problems.push({ path: ["preview", "pullRequest"], message });
  }
  preview.instances.forEach((name, index) => {
    if (preview.instances.indexOf(name) < index)
      problems.push({ path: ["preview", "instances", index], message: `${show(name)} is named twice` });
  });
  const latest = today === undefined ? undefined : dayAfter(today, previewDays.most);
  if (latest !== undefined && preview.until > latest)
    problems.push({
      path: ["preview", "until"],
      message: `is ${preview.until}, more than ${previewDays.most} days ahead; at most ${latest}`,
    });
  return problems;
}

/** Secret config keys, each with what it is for and when it is needed. */
export const secretKeys = {
  postgresqlAdminPassword: "the password of the PostgreSQL server's adminUser",
  objectStoreSecretAccessKey: "the secret of platform.objectStore.accessKeyId",
  tlsCertificate: "the certificate that the ingress shows (tls source pem)",
  tlsPrivateKey: "the private key of that certificate (tls source pem)",
  artifactStoreKeys: "each instance's own object store key",
  imagePullSecret: "the credentials of the image's registry, a config.json of Docker",
} as const;

export type SecretKey = keyof typeof secretKeys;

/** Config as the pure core sees it: which keys are set, which of them are secret, and the text of the plain ones only. */
export interface RawConfig {
  readonly stack: string;
  readonly keys: ReadonlyMap<string, { readonly secret: boolean; readonly plain?: string }>;
}

/** The secrets that a platform needs, and those that it has no use for: one that lies about unused is one too many. */
function secretsOf(platform: Platform | undefined): { needed: SecretKey[]; useless: Partial<Record<SecretKey, string>> } {
  // Of a platform that is wrong, nothing is known.
  if (platform === undefined) return { needed: [], useless: {} };
  const needed: SecretKey[] = platform.ingress.tls.source === "pem" ? ["tlsCertificate", "tlsPrivateKey"] : [];
  if (platform.kind === "existing")
    return { needed: ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys", ...needed], useless: {} };
  const why = "on kind aws no key exists: instances and this program have roles";
  const useless = { objectStoreSecretAccessKey: why, artifactStoreKeys: why };
  if (platform.database.rds === undefined) return { needed: ["postgresqlAdminPassword", ...needed], useless };
  return { needed, useless: { ...useless, postgresqlAdminPassword: "the server of database.rds has a secret that RDS manages" } };
}

const plainKeys = ["environment", "instancesFolder", "cluster"];

/**
 * Checks every config key of this project; paths begin with the key. `today` bounds how long a preview may live: the bound moves away from a
 * given date, so what was right once stays right.
 */
export function parseEnvironment(config: RawConfig, today?: string): { environment?: Environment; problems: Problem[] } {
  const problems: Problem[] = [];
  const add = (key: string, message: string) => problems.push({ path: [key], message });

  for (const [key, { secret }] of config.keys) {
    if (key in secretKeys) {
      if (!secret) add(key, "is in plain text; set it with `pulumi config set --secret` (and change it where it is used: it was readable)");
    } else if (!plainKeys.includes(key)) {
      if (looksSecret(key)) add(key, `unknown key that looks like a secret; the secret keys are ${Object.keys(secretKeys).join(", ")}`);
      else add(key, `unknown key; known here: ${[...plainKeys, ...Object.keys(secretKeys)].join(", ")}`);
    } else if (secret) add(key, "is encrypted, but reviewers must be able to read it; only the secrets have keys of their own");
  }

  const text = config.keys.get("environment")?.plain;
  if (text === undefined) {
    if (!config.keys.has("environment")) add("environment", "is missing");
    return { problems };
  }
  const parsed = check(environmentSchema, parseJson(text));
  problems.push(...parsed.problems.map((problem) => ({ ...problem, path: ["environment", ...problem.path] })));
  if (parsed.data) {
    const environment = { name: config.stack, ...parsed.data };
    checkPlatform(environment, (path, message) => problems.push({ path: ["environment", "platform", ...path], message }));
    const previews = previewProblems(config.stack, parsed.data.preview, today);
    problems.push(...previews.map((problem) => ({ ...problem, path: ["environment", ...problem.path] })));
  }

  const { needed, useless } = secretsOf(parsed.data?.platform);
  for (const key of needed) {
    if (!config.keys.has(key)) add(key, `is missing: ${secretKeys[key]}; set it with \`pulumi config set --secret\``);
  }
  for (const [key, why] of Object.entries(useless)) {
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
