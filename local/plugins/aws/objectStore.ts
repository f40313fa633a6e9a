// Provider arguments -> a client of the S3 endpoint.
import { readFileSync } from "node:fs";
import { S3Client } from "@aws-sdk/client-s3";
import { Settings } from "../shared/bridged/config.ts";
import { UserError } from "../shared/provider.ts";
import { asText, isObject, isList } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

export interface ObjectStore {
  client: S3Client;
  region: string;
  /** For messages: where the store is. */
  where: string;
  defaultTags: Record<string, string>;
}

const supported = [
  "accessKey", "secretKey", "token", "profile", "region", "endpoints", "s3UsePathStyle", "customCaBundle", "insecure", "defaultTags", "maxRetries",
  "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId", "s3UsEast1RegionalEndpoint", "retryMode",
] as const; // prettier-ignore

export function objectStore(config: Properties): ObjectStore {
  const settings = new Settings("aws", config);
  const unsupported = settings.unknownKeys(supported).filter((key) => settings.text(key) !== undefined && settings.text(key) !== "false");
  if (unsupported.length > 0) {
    throw new UserError(`aws provider: ${unsupported.join(", ")} is not supported by the stand-in plugin; install the official one`);
  }
  const region = settings.text("region") ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
  if (!region) throw new UserError("aws provider: region is missing (any name does for a store that is not Amazon's)");
  const endpoint = s3Endpoint(settings);
  const [accessKeyId, secretAccessKey, sessionToken] = [settings.text("accessKey"), settings.text("secretKey"), settings.text("token")];
  const profile = settings.text("profile");
  const client = new S3Client({
    region,
    ...(endpoint && { endpoint }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }),
    ...(profile && { profile }),
    forcePathStyle: settings.flag("s3UsePathStyle") ?? false,
    maxAttempts: Math.min(settings.number("maxRetries") ?? 2, 5),
    // Stores that are not Amazon's don't know the newer checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 4000, requestTimeout: 60_000, httpsAgent: tls(settings) },
  });
  return { client, region, where: endpoint ?? `AWS (${region})`, defaultTags: tagsOf(settings) };
}

function s3Endpoint(settings: Settings): string | undefined {
  const list = settings.json("endpoints");
  const found = (isList(list) ? list : list === undefined ? [] : [list]).flatMap((item) =>
    isObject(item) && item["s3"] ? [asText(item["s3"])] : [],
  );
  const [endpoint] = [...found, process.env["AWS_ENDPOINT_URL_S3"], process.env["AWS_ENDPOINT_URL"]].filter(
    (text) => text !== undefined && text !== "",
  );
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw new UserError(`aws provider: endpoints[0].s3 is not a URL: ${endpoint}`);
  return endpoint;
}

function tls(settings: Settings): { ca?: string; rejectUnauthorized?: false } {
  const bundle = settings.text("customCaBundle") ?? process.env["AWS_CA_BUNDLE"];
  if (settings.flag("insecure")) return { rejectUnauthorized: false };
  if (!bundle) return {};
  try {
    return { ca: readFileSync(bundle, "utf8") };
  } catch (error) {
    throw new UserError(`aws provider: customCaBundle: can't read ${bundle}: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}`);
  }
}

function tagsOf(settings: Settings): Record<string, string> {
  const value = settings.json("defaultTags");
  const tags = isObject(value) ? value["tags"] : undefined;
  return isObject(tags) ? Object.fromEntries(Object.entries(tags).map(([key, text]) => [key, asText(text)])) : {};
}
