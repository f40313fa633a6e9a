import { describe, expect, test } from "vitest";
import type { MlflowInstanceArgs, MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import { asGiven, saidOf } from "../policies/everyRule.ts";
import type { Given } from "../policies/support.ts";
import {
  awsInstanceArgs,
  awsPlatformArgs,
  eksPodIdentity,
  instanceTypes,
  irsa,
  kmsKeyArn,
  newInstance,
} from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";

const { objectStore } = awsPlatformArgs();
const production: Partial<MlflowInstanceArgs> = {
  tier: "production",
  costCenter: "4711",
  tokens: [{ name: "ci", role: "edit", expires: "2027-01-31" }],
};
const platform: Partial<MlflowPlatformArgs> = {
  image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/mlflow:3.17.2@sha256:${"a1".repeat(32)}`,
  objectStore: { ...objectStore, kmsKeyArn, storageClasses: "transitions" },
};

/** What the component registers, as a policy pack gets it: from a provider of AWS itself. */
async function registered(changes: Partial<MlflowPlatformArgs>): Promise<Given[]> {
  const { registrations } = await runWithMocks(instanceTypes, () =>
    newInstance(awsInstanceArgs(production, { ...platform, ...changes })),
  );
  return registrations
    .filter(({ custom }) => custom)
    .map((each) => ({
      ...asGiven("prod", each),
      provider: { type: `pulumi:providers:${each.type.split(":")[0]}`, props: {} },
    }));
}

describe("an instance on AWS passes every rule", () => {
  test.each<[string, Partial<MlflowPlatformArgs>]>([
    ["with IRSA", { podIdentity: irsa }],
    ["with EKS Pod Identity", { podIdentity: eksPodIdentity }],
    [
      "with INTELLIGENT_TIERING",
      { objectStore: { ...objectStore, storageClasses: "intelligentTiering" } },
    ],
    [
      "behind NGINX with cert-manager",
      {
        ingress: {
          className: "nginx",
          controller: "nginx",
          tls: { source: "certManager", clusterIssuer: "letsencrypt" },
        },
      },
    ],
  ])("%s", async (_how, changes) => {
    expect(await saidOf(await registered(changes))).toEqual([]);
  });
});

// Otherwise the test above could pass because no rule looks at what only AWS has.
test("the rules look: what was weakened is refused", async () => {
  const given = await registered({});
  const names = async (change: (resource: Given) => Given | undefined) =>
    [
      ...new Set(
        (await saidOf(given.flatMap((resource) => change(resource) ?? []))).map(
          (message) => message.split(":")[0],
        ),
      ),
    ].sort();
  const without = (ending: string) =>
    names((resource) => (resource.type.endsWith(ending) ? undefined : resource));
  expect(await without(":BucketPolicy")).toContain("bucket-has-policy");
  expect(await without(":BucketServerSideEncryptionConfiguration")).toContain(
    "bucket-is-encrypted",
  );
  expect(await without(":BucketPublicAccessBlock")).toContain("bucket-blocks-public-access");
  const text = (from: string, to: string) =>
    names((resource) => JSON.parse(JSON.stringify(resource).replaceAll(from, to)) as Given);
  expect(await text("GLACIER_IR", "GLACIER")).toEqual(["bucket-lifecycle-keeps-artifacts"]);
  expect(await text('[{\\"HTTPS\\":443}]', '[{\\"HTTP\\":80}]')).toEqual([
    "ingress-refuses-plain-http",
  ]);
  expect(
    await text("alb.ingress.kubernetes.io/certificate-arn", "alb.ingress.kubernetes.io/none"),
  ).toEqual(["ingress-has-tls"]);
  expect(await text("aws:SecureTransport", "aws:None")).toContain(
    "bucket-policy-refuses-plain-http",
  );
  expect(await text("AWS_ROLE_ARN", "AWS_ACCESS_KEY_ID")).toContain("instance-uses-no-static-key");
});
