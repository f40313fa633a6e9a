import { onTestFinished, vi } from "vitest";
import { folderWith } from "../support.ts";
import { hidden } from "./fakes.ts";

// What AWS' services answer, and a shell that knows no AWS but the test's.

/** The service that a request to a server for all of them is for. */
export function serviceOf(url: string, body: string): "sts" | "iam" | "s3" | "eks" | "route53" {
  if (body.includes("Action=GetCallerIdentity")) return "sts";
  if (body.includes("Action=GetRole")) return "iam";
  if (url.startsWith("/clusters")) return "eks";
  return url.startsWith("/2013-04-01/") ? "route53" : "s3";
}

/** STS' answer: whose credentials these are. */
export const identity = (arn: string, account = "123456789012") => ({
  status: 200,
  body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>A</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
});

/** IAM's answer: a role with its path. */
export const role = (arn: string) => ({
  status: 200,
  body: `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/ci/</Path><RoleName>deploy</RoleName><RoleId>A</RoleId><Arn>${arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>`,
});

/** A refusal by STS or IAM, which repeats the session's token. */
export const refusal = (code: string) => ({
  status: 403,
  body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>x-amz-security-token:${hidden}</Message></Error></ErrorResponse>`,
});

/**
 * Takes away what this shell has of AWS, and gives it the profile `fixture` until the test is over;
 * the folder of its files.
 */
export function shellWithFixtureProfile(): string {
  const files = folderWith({
    credentials: `[fixture]\naws_access_key_id = AKIDFIXTURE\naws_secret_access_key = ${hidden}\n`,
    config: "",
  });
  for (const name of Object.keys(process.env))
    if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${files}/credentials`);
  vi.stubEnv("AWS_CONFIG_FILE", `${files}/config`);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  onTestFinished(() => void vi.unstubAllEnvs());
  return files;
}
