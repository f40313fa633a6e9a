import { isIP } from "node:net";
import { z } from "zod";
import { dayAfter, previewDays, pullRequestOf } from "./previewEnvironment.ts";
import { check, looksSecret, strict, type Problem } from "./problems.ts";
import { timeZone } from "./schedules.ts";
import { tierNames } from "./tiers.ts";
import { days, daysOf, show } from "./units.ts";

const hostName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, {
  error: (issue) => (issue.input === undefined ? "is missing" : "is not a host name or address"),
});

const kubernetesSchema = strict({
  kubeconfig: z
    .string()
    .min(1)
    .describe("Path of the kubeconfig file. A path, not its contents: those hold a key, and would go to the state."),
  context: z
    .string()
    .min(1)
    .describe("Context in that file; named, so that a changed current context can't send an environment to another cluster."),
});

const postgresqlSchema = strict({
  host: hostName,
  port: z.int().min(1).max(65535),
  adminUser: z
    .string()
    .min(1)
    .describe("Login that may create databases and roles; its password is the secret key postgresqlAdminPassword."),
  sslMode: z.enum(["verify-full", "verify-ca", "require", "disable"]),
  superuser: z.boolean().describe("Whether adminUser is a superuser. Managed servers give none."),
  maxConnections: z.int().min(20).describe("max_connections of the server; what all instances may open together is checked against it."),
});

const httpsUrl = z.string().superRefine((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.protocol !== "https:") context.addIssue({ code: "custom", message: "is not an https:// address" });
  else if (url.username !== "" || url.password !== "") {
    context.addIssue({
      code: "custom",
      message: "has a user name or password in it; the secret key objectStoreSecretAccessKey is the place for that",
    });
  } else if (url.pathname !== "/" || url.search !== "")
    context.addIssue({ code: "custom", message: "has a path; only scheme, host and port are expected" });
});

const objectStoreSchema = strict({
  endpoint: httpsUrl.describe("S3 endpoint, reached by this program and by the pods."),
  region: z.string().min(1),
  accessKeyId: z.string().min(1).describe("Key that may create buckets; its secret is the secret key objectStoreSecretAccessKey."),
  versioning: z.boolean().describe("Whether the store keeps versions of objects."),
  lifecycle: z.boolean().describe("Whether the store has lifecycle rules."),
  encryption: z.boolean().describe("Whether the store takes a default encryption for a bucket."),
  publicAccessBlock: z.boolean().describe("Whether the store knows public access blocks."),
  policyConditions: z
    .boolean()
    .optional()
    .describe("Whether bucket policies may have conditions; they then refuse plain HTTP. Default: true."),
  bucketPrefix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,30}$/, { error: "is 2 to 31 lower-case letters, digits and hyphens" })
    .optional()
    .describe("Beginning of each bucket's name. Default: mlflow-<environment>. Changing it replaces every bucket."),
  principalFormat: z
    .string()
    .includes("{accessKeyId}", { error: "has no {accessKeyId} in it" })
    .optional()
    .describe(
      "How the store writes an instance's key as a principal in a bucket policy, with {accessKeyId} in it. Default: the key itself.",
    ),
});

const tlsSchema = z.discriminatedUnion("source", [
  strict({ source: z.literal("pem") }).describe("Certificate and key are the secret keys tlsCertificate and tlsPrivateKey."),
  strict({ source: z.literal("certManager"), clusterIssuer: z.string().min(1) }).describe(
    "cert-manager issues a certificate for each instance.",
  ),
  strict({ source: z.literal("secret"), name: z.string().min(1) }).describe(
    "A TLS Secret of that name is put into each instance's namespace by someone else.",
  ),
]);

const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: (issue) => `is ${show(issue.input)}, not an address range such as 10.0.0.0/16` });

const ingressSchema = strict({
  className: z.string().min(1),
  controllerNamespace: z
    .string()
    .min(1)
    .optional()
    .describe("Namespace of the ingress controller's pods, if it runs in the cluster: the only pods that reach an instance."),
  controllerCidrs: z.array(cidr).min(1).optional().describe("Addresses of the ingress controller, if it runs outside the pod network."),
  tls: tlsSchema,
});

const networkSchema = strict({
  databaseCidrs: z
    .array(cidr)
    .min(1)
    .optional()
    .describe("Where PostgreSQL answers. Default: postgresql.host, when that is an address; a NetworkPolicy knows no names."),
  objectStoreCidrs: z
    .array(cidr)
    .min(1)
    .optional()
    .describe("Where the object store answers. Default: the endpoint's host, when that is an address."),
  dnsNamespace: z.string().min(1).optional().describe("Namespace of the cluster's DNS pods. Default: kube-system."),
  dnsCidrs: z.array(cidr).min(1).optional().describe("Addresses of a DNS server outside the pod network."),
});

const existingPlatformSchema = strict({
  kind: z.literal("existing"),
  kubernetes: kubernetesSchema,
  postgresql: postgresqlSchema,
  objectStore: objectStoreSchema,
  ingress: ingressSchema,
  network: networkSchema.optional(),
  image: z
    .string()
    // Two pods of one deployment must never run different servers, and the state must say which one runs.
    .regex(/(@sha256:[0-9a-f]{64}|:(?!latest$)[\w][\w.-]{0,127})$/, { error: "has neither a digest nor an exact tag (latest is none)" })
    .describe("Reference of the tracking server's image, with a digest or an exact tag."),
  mlflowVersion: z
    .string()
    .regex(/^[0-9]+\.[0-9]+\.[0-9]+$/, { error: (issue) => `is ${show(issue.input)}, expected a version such as 3.17.2` })
    .optional()
    .describe("MLflow version inside that image. Default: 3.17.2, the version of images/tracking-server."),
  caBundle: z
    .string()
    .optional()
    .superRefine((value, context) => {
      if (value === undefined) return;
      if (/PRIVATE KEY/.test(value))
        context.addIssue({ code: "custom", message: "has a private key in it; only certificates belong here" });
      else if (!value.includes("-----BEGIN CERTIFICATE-----"))
        context.addIssue({ code: "custom", message: "has no PEM certificate in it" });
    })
    .describe("PEM certificates of a private authority that signed the database's and the object store's certificates, as text."),
});

/** `address/32` for an address, nothing for a name. */
export function cidrOfHost(host: string): string | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : `${host}/${version === 4 ? 32 : 128}`;
}

export const hostOfUrl = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");

// What the network policies need, and names can't give.
function checkNetwork(platform: z.output<typeof existingPlatformSchema>, add: (path: string[], message: string) => void): void {
  const missing = (host: string) => `is missing: "${host}" is a name, and network policies open addresses only`;
  const store = hostOfUrl(platform.objectStore.endpoint);
  if (!platform.network?.databaseCidrs && !cidrOfHost(platform.postgresql.host))
    add(["network", "databaseCidrs"], missing(platform.postgresql.host));
  if (!platform.network?.objectStoreCidrs && !cidrOfHost(store)) add(["network", "objectStoreCidrs"], missing(store));
  if (!platform.ingress.controllerNamespace && !platform.ingress.controllerCidrs) {
    add(["ingress"], "has neither controllerNamespace nor controllerCidrs; one says who may connect to the instances");
  }
}

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

/** The plain values of an environment, without its name: the object under the config key `environment`. */
const environmentSchema = strict({
  domain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?$/, { error: "is not a domain in lower case" })
    .describe("Instances are at https://<instance>.<domain>."),
  platform: z.discriminatedUnion("kind", [existingPlatformSchema]),
  artifacts: strict({
    access: z
      .enum(["proxied", "presigned"])
      .describe("proxied: clients need only the tracking server. presigned: clients reach the object store themselves."),
  }),
  defaults: strict({
    tier: z.enum(tierNames).optional(),
    deletedExperimentRetention: days.optional(),
    timeZone: timeZone.optional().describe("Time zone of the maintenance jobs' schedules. Default: Etc/UTC."),
  }).optional(),
  bounds: strict({
    deletedExperimentRetention: strict({ min: days, max: days })
      .refine((range) => daysOf(range.min) <= daysOf(range.max), { error: "has a min above its max" })
      .optional(),
  }).optional(),
  preview: previewSchema
    .optional()
    .describe("Makes this the preview environment of a pull request. Default: none. `npm run preview-environment` writes it."),
});

/** An environment: its name (the Pulumi stack) and its plain values. Secrets are never in it. */
export type Environment = z.output<typeof environmentSchema> & { readonly name: string };

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
  postgresqlAdminPassword: "the password of platform.postgresql.adminUser",
  objectStoreSecretAccessKey: "the secret of platform.objectStore.accessKeyId",
  tlsCertificate: "the certificate that the ingress shows (tls source pem)",
  tlsPrivateKey: "the private key of that certificate (tls source pem)",
  artifactStoreKeys: "each instance's own object store key",
} as const;

export type SecretKey = keyof typeof secretKeys;

/** Config as the pure core sees it: which keys are set, which of them are secret, and the text of the plain ones only. */
export interface RawConfig {
  readonly stack: string;
  readonly keys: ReadonlyMap<string, { readonly secret: boolean; readonly plain?: string }>;
}

const plainKeys = ["environment", "instancesFolder"];

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
  if (parsed.data)
    checkNetwork(parsed.data.platform, (path, message) => problems.push({ path: ["environment", "platform", ...path], message }));
  if (parsed.data) {
    const previews = previewProblems(config.stack, parsed.data.preview, today);
    problems.push(...previews.map((problem) => ({ ...problem, path: ["environment", ...problem.path] })));
  }

  const needed: SecretKey[] = ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys"];
  if (parsed.data?.platform.ingress.tls.source === "pem") needed.push("tlsCertificate", "tlsPrivateKey");
  for (const key of needed) {
    if (!config.keys.has(key)) add(key, `is missing: ${secretKeys[key]}; set it with \`pulumi config set --secret\``);
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
