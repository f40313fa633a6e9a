import { createHash } from "node:crypto";
import { runtime } from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { folderWith } from "../support.ts";
import {
  address,
  answers,
  asked,
  environment,
  linesOf,
  said,
  serveAws,
  where,
} from "./awsServers.ts";
import { identity, refusal, role } from "./fakeAws.ts";
import { hidden } from "./fakes.ts";

// Whose credentials an environment on AWS is used with, and whether its buckets know them.

serveAws();

test("says nothing when everything is right, and asks for the identity and its role alone", async () => {
  expect(await linesOf(environment())).toEqual([]);
  expect(asked).toEqual(["sts POST /", "iam POST /"]);
  expect(said).toEqual({ info: [], warn: [] });
});

test("credentials of another account: both accounts and the profile are said, and nothing else is asked", async () => {
  answers.sts = () => identity("arn:aws:sts::210987654321:assumed-role/deploy/me", "210987654321");
  expect(await linesOf(environment(), ["shop"])).toEqual([
    `${where()} the credentials of profile fixture are for account 210987654321, but the environment is in 123456789012`,
  ]);
  expect(asked).toEqual(["sts POST /"]);
});

test.each([
  [
    "ExpiredToken",
    "the credentials of profile fixture have expired; log in again, for example `aws sso login --profile fixture`",
  ],
  [
    "InvalidClientTokenId",
    "the credentials of profile fixture are not known to AWS (InvalidClientTokenId); were they removed, or mistyped?",
  ],
  [
    "SignatureDoesNotMatch",
    "the credentials of profile fixture are not known to AWS (SignatureDoesNotMatch); were they removed, or mistyped?",
  ],
  ["AccessDenied", "it answers AccessDenied (HTTP status 403)"],
])("STS says %s", async (code, words) => {
  answers.sts = () => refusal(code);
  expect(await linesOf(environment())).toEqual([`${where()} ${words}`]);
});

test("no credentials: the profile is named that has none, or that nobody named one", async () => {
  expect(await linesOf(environment((platform) => (platform.profile = "nobody")))).toEqual([
    `AWS with profile nobody at ${address()} (platform.profile): there are none for the profile nobody; set platform.profile, or log in again, for example \`aws sso login --profile nobody\``,
  ]);
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([
    `AWS at ${address()} (platform.accountId): there are none in this shell; set platform.profile, or log in again, or let the pipeline ask for new ones`,
  ]);
  expect(asked).toEqual([]);
});

test("a session of single sign-on that is over, and one that never began", async () => {
  const url = "https://example.com/start";
  const cached = `.aws/sso/cache/${createHash("sha1").update(url).digest("hex")}.json`;
  const config = `[profile sso]\nsso_start_url = ${url}\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = deploy\n`;
  const over = JSON.stringify({
    startUrl: url,
    region: "eu-central-1",
    accessToken: hidden,
    expiresAt: "2020-01-01T00:00:00Z",
  });
  for (const files of [{ config, [cached]: over }, { config }]) {
    const home = folderWith(files);
    vi.stubEnv("AWS_CONFIG_FILE", `${home}/config`);
    vi.stubEnv("HOME", home);
    expect(await linesOf(environment((platform) => (platform.profile = "sso")))).toEqual([
      `AWS with profile sso at ${address()} (platform.profile): the credentials of profile sso have expired; log in again, for example \`aws sso login --profile sso\``,
    ]);
  }
});

test("ambient credentials, as a pipeline has them", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDAMBIENT");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", hidden);
  vi.stubEnv("AWS_SESSION_TOKEN", hidden);
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([]);
  answers.sts = () => refusal("ExpiredToken");
  expect(await linesOf(environment((platform) => delete platform.profile))).toEqual([
    `AWS at ${address()} (platform.accountId): the credentials of this shell have expired; log in again, or let the pipeline ask for new ones`,
  ]);
});

test("whom the buckets would refuse is an error of an update, and a warning of a preview", async () => {
  const reader = "arn:aws:sts::123456789012:assumed-role/reader/me";
  answers.sts = () => identity(reader);
  const words = `the credentials of profile fixture are of ${reader}, which is not among adminRoleArns: the buckets refuse it, also for the next update`;
  expect(await linesOf(environment())).toEqual([`AWS (platform.adminRoleArns): ${words}`]);
  const dry = vi.spyOn(runtime, "isDryRun").mockReturnValue(true);
  expect(await linesOf(environment())).toEqual([]);
  dry.mockRestore();
  expect(said.warn).toEqual([`platform.adminRoleArns: ${words}`]);
});

test("a role with another path than its own in adminRoleArns, which would lock out whoever deploys", async () => {
  answers.iam = () => role("arn:aws:iam::123456789012:role/aws-reserved/deploy");
  const words =
    "the role deploy is arn:aws:iam::123456789012:role/aws-reserved/deploy, which is not among adminRoleArns: the buckets refuse it, also for the next update";
  expect(await linesOf(environment())).toEqual([`AWS (platform.adminRoleArns): ${words}`]);
  answers.iam = () => refusal("AccessDenied");
  expect(await linesOf(environment())).toEqual([]);
  expect(said.info).toEqual([
    "Whether adminRoleArns has the role deploy with its path was not checked: it answers AccessDenied (HTTP status 403).",
  ]);
});
