// What the clients of all services share: provider arguments -> region, credentials, TLS and each
// service's address.
import { readFileSync } from "node:fs";
import { Settings } from "../shared/bridged/config.ts";
import { UserError } from "../shared/provider.ts";
import { asText, isList, isObject } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

/** A service as messages name it. */
export interface Service {
  /** "object store" or AWS' own name of the service. */
  kind: string;
  where: string;
}

/** Services that the stand-in talks to; each may have an address of its own. */
const serviceNames = ["s3", "iam", "sts", "eks"] as const;
type ServiceName = (typeof serviceNames)[number];

// prettier-ignore
const supported = [
  "accessKey", "secretKey", "token", "profile", "region", "endpoints", "s3UsePathStyle", "customCaBundle", "insecure", "defaultTags", "maxRetries",
  "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId", "s3UsEast1RegionalEndpoint", "retryMode",
  "allowedAccountIds",
] as const;

export class Connection {
  readonly settings: Settings;
  readonly region: string;
  readonly defaultTags: Record<string, string>;
  readonly #endpoints: Partial<Record<ServiceName, string>>;
  readonly #tls: { ca?: string; rejectUnauthorized?: false };

  constructor(config: Properties) {
    const settings = new Settings("aws", config);
    const unsupported = settings.unknownKeys(supported).filter((key) => isGiven(settings, key));
    if (unsupported.length > 0) {
      throw new UserError(
        `aws provider: ${unsupported.join(", ")} is not supported by the stand-in plugin; install the official one`,
      );
    }
    const region =
      settings.text("region") ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
    if (!region)
      throw new UserError(
        "aws provider: region is missing (any name does for a store that is not Amazon's)",
      );
    this.settings = settings;
    this.region = region;
    this.defaultTags = tagsOf(settings);
    this.#endpoints = endpointsOf(settings);
    this.#tls = tls(settings);
  }

  /** For messages: where a service is. */
  where(service: ServiceName): string {
    return this.#endpoints[service] ?? `AWS (${this.region})`;
  }

  /** Settings of an SDK client. */
  clientSettings(service: ServiceName) {
    const { settings } = this;
    const endpoint = this.#endpoints[service];
    const [accessKeyId, secretAccessKey, sessionToken] = [
      settings.text("accessKey"),
      settings.text("secretKey"),
      settings.text("token"),
    ];
    const profile = settings.text("profile");
    return {
      region: this.region,
      ...(endpoint && { endpoint }),
      ...(accessKeyId &&
        secretAccessKey && {
          credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
        }),
      ...(profile && { profile }),
      maxAttempts: Math.min(settings.number("maxRetries") ?? 2, 5),
      requestHandler: { connectionTimeout: 4000, requestTimeout: 60_000, httpsAgent: this.#tls },
    };
  }
}

/** The SDK sends what was not set as an empty list or `false`, too. */
function isGiven(settings: Settings, key: string): boolean {
  const text = settings.text(key);
  return text !== undefined && text !== "false" && text !== "[]";
}

function endpointsOf(settings: Settings): Partial<Record<ServiceName, string>> {
  const list = settings.json("endpoints");
  const given = (isList(list) ? list : list === undefined ? [] : [list]).filter(isObject);
  const found: Partial<Record<ServiceName, string>> = {};
  for (const service of serviceNames) {
    const variables = [
      process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`],
      process.env["AWS_ENDPOINT_URL"],
    ];
    const endpoint = [...given.map((item) => asText(item[service])), ...variables].find(
      (text) => text !== undefined && text !== "",
    );
    if (endpoint === undefined) continue;
    if (!URL.canParse(endpoint))
      throw new UserError(`aws provider: endpoints[0].${service} is not a URL: ${endpoint}`);
    found[service] = endpoint;
  }
  return found;
}

function tls(settings: Settings): { ca?: string; rejectUnauthorized?: false } {
  const bundle = settings.text("customCaBundle") ?? process.env["AWS_CA_BUNDLE"];
  if (settings.flag("insecure")) return { rejectUnauthorized: false };
  if (!bundle) return {};
  try {
    return { ca: readFileSync(bundle, "utf8") };
  } catch (error) {
    throw new UserError(
      `aws provider: customCaBundle: can't read ${bundle}: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}`,
    );
  }
}

function tagsOf(settings: Settings): Record<string, string> {
  const value = settings.json("defaultTags");
  const tags = isObject(value) ? value["tags"] : undefined;
  return isObject(tags)
    ? Object.fromEntries(Object.entries(tags).map(([key, text]) => [key, asText(text)]))
    : {};
}
