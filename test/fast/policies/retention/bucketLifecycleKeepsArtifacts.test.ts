import { expect, test } from "vitest";
import { bucketLifecycleKeepsArtifacts } from "../../../../policies/retention/bucketLifecycleKeepsArtifacts.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { instance, part, with_ } from "../instances.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const usual = part("lifecycle").props["rules"] as object[];
const rules = (...list: unknown[]) =>
  instance("shop", { lifecycle: changed(part("lifecycle"), ["rules"], list) });
const plus = (rule: object) => rules(...usual, { id: "more", status: "Enabled", ...rule });
const verdict = async (stack: Given[], config = {}) =>
  (await judgeStack(bucketLifecycleKeepsArtifacts, stack, { config })).violations;
const cold = (storageClass: string, filter: object = { prefix: "" }) =>
  plus({ filter, transitions: [{ days: 30, storageClass }] });

const tiering = (changes: object = {}): Given => ({
  type: "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
  name: "shop-bucket-tiering",
  props: {
    bucket: "mlflow-dev-shop",
    tierings: [{ accessTier: "ARCHIVE_ACCESS", days: 90 }],
    ...changes,
  },
});

const uploads =
  'urn:shop-bucket-lifecycle: shop-bucket-lifecycle of instance shop leaves aborted uploads for ever; add a rule with abortIncompleteMultipartUpload for the whole bucket (filter.prefix "").';

stackContract(bucketLifecycleKeepsArtifacts, {
  passes: {
    "the component's lifecycle": instance(),
    "what the provider puts out for it": rules(...usual, {
      id: "markers",
      status: "Enabled",
      filter: { prefix: "" },
      expiration: { days: 0, date: "", expiredObjectDeleteMarker: true },
      transitions: [],
    }),
    "reports of the jobs": plus({ filter: { prefix: "maintenance/" }, expiration: { days: 365 } }),
    "temporary files of a kind": plus({
      filter: { and: { prefix: "tmp/a/", tags: { a: "b" } } },
      expiration: { days: 1 },
    }),
    "a rule that is switched off": plus({
      status: "Disabled",
      filter: { prefix: "" },
      expiration: { days: 1 },
    }),
    "a class that is read at once": cold("GLACIER_IR"),
    "tiering without archives": cold("INTELLIGENT_TIERING"),
    "a frozen noncurrent version": plus({
      filter: { prefix: "" },
      noncurrentVersionTransitions: [{ noncurrentDays: 5, storageClass: "GLACIER" }],
    }),
    "a frozen temporary file": cold("GLACIER", { prefix: "tmp/" }),
    "tiering that names no archive": with_(tiering({ tierings: [] })),
    "an archive that is switched off": with_(tiering({ status: "Disabled" })),
    "an archive of temporary files": with_(tiering({ filter: { prefix: "tmp/" } })),
  },
  breaks: plus({ filter: { prefix: "artifacts/" }, expiration: { days: 365 } }),
  message:
    "urn:shop-bucket-lifecycle: rule more of shop-bucket-lifecycle removes objects under artifacts/; remove its expiration, or give it one of the prefixes tmp/, maintenance/.",
  unknown: [
    {
      given: rules(
        { id: "all", status: "Enabled", filter: {}, expiration: { days: 9 } },
        { status: unknown },
      ),
      later: ["rules.1.status"],
      violations: [
        "urn:shop-bucket-lifecycle: rule all of shop-bucket-lifecycle removes objects in the whole bucket; remove its expiration, or give it one of the prefixes tmp/, maintenance/.",
      ],
    },
    {
      given: instance("shop", { lifecycle: changed(part("lifecycle"), ["rules"], unknown) }),
      later: ["rules"],
    },
  ],
  ignores: {
    "a lifecycle of nobody": with_({
      ...part("lifecycle"),
      name: "logs",
      urn: "urn:logs",
      props: { bucket: "logs", rules: [{ status: "Enabled", expiration: { days: 1 } }] },
    }),
    "a bucket without a lifecycle, which bucket-has-lifecycle asks for": instance("shop", {
      lifecycle: undefined,
    }),
  },
});

test("the older ways to name a prefix, and none at all", async () => {
  expect(await verdict(plus({ prefix: "tmp/", expiration: { days: 1 } }))).toEqual([]);
  expect(
    await verdict(rules(...usual, { status: "Enabled", expiration: { date: "2027-01-01" } })),
  ).toEqual([
    "urn:shop-bucket-lifecycle: rules[3] of shop-bucket-lifecycle removes objects in the whole bucket; remove its expiration, or give it one of the prefixes tmp/, maintenance/.",
  ]);
});

test("a last dump is no temporary file, unless the platform says so", async () => {
  const dump = plus({ filter: { prefix: "final-dump/" }, expiration: { days: 365 } });
  expect(await verdict(dump)).toEqual([
    "urn:shop-bucket-lifecycle: rule more of shop-bucket-lifecycle removes objects under final-dump/; remove its expiration, or give it one of the prefixes tmp/, maintenance/.",
  ]);
  expect(await verdict(dump, { temporaryPrefixes: ["tmp/", "final-dump/"] })).toEqual([]);
  await expect(verdict(dump, { temporaryPrefixes: ["artifacts"] })).rejects.toThrow(
    'bucket-lifecycle-keeps-artifacts.temporaryPrefixes[0]: is not a prefix such as "tmp/"',
  );
});

test.each(["GLACIER", "DEEP_ARCHIVE"])("%s can't be read", async (storageClass) => {
  expect(await verdict(cold(storageClass, { prefix: "artifacts/" }))).toEqual([
    `urn:shop-bucket-lifecycle: rule more of shop-bucket-lifecycle moves objects under artifacts/ to ${storageClass}, from which MLflow can't read; remove that transition.`,
  ]);
});

test("an archive behind intelligent tiering can't be read, either", async () => {
  expect(await verdict(with_(tiering()))).toEqual([
    "urn:shop-bucket-tiering: shop-bucket-tiering of instance shop moves objects that are seldom read to an archive, from which MLflow can't read; remove it.",
  ]);
});

test("noncurrent versions stay for the retention, of which the shorter counts", async () => {
  const after = (noncurrentDays: number) => [
    usual[1],
    {
      id: "old",
      status: "Enabled",
      filter: { prefix: "" },
      noncurrentVersionExpiration: { noncurrentDays },
    },
  ];
  expect(await verdict(rules(...after(29)))).toEqual([
    "urn:shop-bucket-lifecycle: rule old of shop-bucket-lifecycle removes noncurrent versions in the whole bucket after 29 days, before the retention of 30d ends; set noncurrentDays to 30 or more.",
  ]);
  const longer = namespace({}, { "mlflow-instances/deleted-experiment-retention": "60d" });
  expect(
    await judgeStack(bucketLifecycleKeepsArtifacts, instance("shop", { namespace: longer })),
  ).toEqual(clean);
});

test("aborted uploads end, in all of the bucket", async () => {
  expect(await verdict(rules(usual[0], usual[2]))).toEqual([uploads]);
  const partly = {
    status: "Enabled",
    filter: { prefix: "tmp/" },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  };
  expect(await verdict(rules(partly))).toEqual([uploads]);
  expect(await verdict(rules({ ...partly, filter: {}, status: "Disabled" }))).toEqual([uploads]);
});
