import { z } from "zod";
import { strict } from "../../values/problems.ts";
import { expected } from "../../values/wrongValue.ts";
import { ingressSchema } from "../ingressSchema.ts";
import * as shared from "../shared.ts";

// A platform that exists: Kubernetes, PostgreSQL and an S3-compatible store, wherever they are.

const featuresSchema = strict({
  versioning: z.boolean().describe("Whether the store keeps versions of objects."),
  lifecycle: z.boolean().describe("Whether the store has lifecycle rules."),
  encryption: z.boolean().describe("Whether the store takes a default encryption for a bucket."),
  publicAccessBlock: z.boolean().describe("Whether the store knows public access blocks."),
  policyConditions: z
    .boolean()
    .describe("Whether bucket policies may have conditions; they then refuse plain HTTP."),
  objectOwnership: z
    .boolean()
    .describe(
      "Whether the store knows ownership controls, by which no object has access rules of its own.",
    ),
});

export type StoreFeatures = z.output<typeof featuresSchema>;

const objectStoreSchema = strict({
  endpoint: shared
    .httpsUrl("the secret key objectStoreSecretAccessKey is the place for that")
    .describe("S3 endpoint, reached by this program and by the pods."),
  region: z
    .string()
    .min(1)
    .describe("Region that requests are signed for; any word that the store accepts."),
  accessKeyId: z
    .string()
    .min(1)
    .describe(
      "Key that may create buckets; its secret is the secret key objectStoreSecretAccessKey.",
    ),
  features: featuresSchema.describe(
    "What the store can do. A bucket goes without a feature that is false, and every preview says so.",
  ),
  bucketPrefix: shared.bucketPrefix,
  principalFormat: z
    .string()
    .includes("{accessKeyId}", { error: expected("a text with {accessKeyId} in it") })
    .optional()
    .describe(
      "How the store writes an instance's key as a principal in a bucket policy, with {accessKeyId} in it. Default: the key itself.",
    ),
  adminPrincipal: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Principal of accessKeyId, where it can't be made from the key. Default: by principalFormat.",
    ),
  openByDefault: z
    .boolean()
    .optional()
    .describe(
      "Whether every key of the project reaches every bucket unless a policy refuses it; the buckets' policies then do. Default: false.",
    ),
});

export const existingPlatformSchema = strict({
  kind: z
    .literal("existing")
    .describe(
      "Kubernetes, PostgreSQL and an S3-compatible store that are there already, wherever they are.",
    ),
  kubernetes: strict({ kubeconfig: shared.kubeconfig, context: shared.kubeContext }).describe(
    "The cluster.",
  ),
  postgresql: shared.postgresqlSchema.describe("The PostgreSQL server, version 14 or later."),
  objectStore: objectStoreSchema.describe("The store of the artifact buckets."),
  ingress: ingressSchema({
    controller: z
      .enum(["traefik", "nginx"])
      .optional()
      .describe(
        "Whose annotations the ingresses carry, for time-outs and body sizes. Default: none of them; the controller's own limits hold.",
      ),
    tls: z
      .discriminatedUnion("source", [...shared.tlsSources])
      .optional()
      .describe(
        "Where the certificates come from. Default with gateway: its listener has one; if set, each instance has a ListenerSet of its own.",
      ),
  }).describe("How the instances are reached."),
  network: strict({
    databaseCidrs: shared.cidrs
      .optional()
      .describe(
        "Where PostgreSQL answers. Default: postgresql.host, when that is an address; a NetworkPolicy knows no names.",
      ),
    objectStoreCidrs: shared.cidrs
      .optional()
      .describe(
        "Where the object store answers. Default: the endpoint's host, when that is an address.",
      ),
    ...shared.dnsShape,
  })
    .optional()
    .describe("What the pods may connect to."),
  ...shared.podsShape,
  caBundle: shared.pemBundle.describe(
    "PEM certificates of a private authority that signed the database's and the object store's certificates, as text.",
  ),
});

export type ExistingPlatform = z.output<typeof existingPlatformSchema>;

/** What the schema alone can't see. */
export function checkExisting(platform: ExistingPlatform, add: shared.Add): void {
  const store = shared.hostOfUrl(platform.objectStore.endpoint);
  const { network, postgresql, ingress } = platform;
  // What the network policies need, and names can't give.
  if (!network?.databaseCidrs && !shared.cidrOfHost(postgresql.host))
    add(["network", "databaseCidrs"], shared.needsCidrs(postgresql.host));
  if (!network?.objectStoreCidrs && !shared.cidrOfHost(store))
    add(["network", "objectStoreCidrs"], shared.needsCidrs(store));
  if (!ingress.controllerNamespace && !ingress.controllerCidrs) add(["ingress"], shared.noWayIn);
}

// What a bucket lacks without each feature, in words for its users.
const without: Record<keyof StoreFeatures, string> = {
  versioning: "versions of objects (what is overwritten or removed is gone at once)",
  lifecycle:
    "lifecycle rules (aborted uploads and old versions stay until the retention job removes them)",
  encryption:
    "default encryption (what lies on the store's disks is as safe as the store makes it)",
  publicAccessBlock: "public access blocks (only the bucket's own policy keeps it private)",
  policyConditions: "conditions in policies (plain HTTP is not refused)",
  objectOwnership: "ownership controls (objects may have access rules of their own)",
};

/**
 * What the environment's buckets go without, in one line; nothing where the store can do
 * everything.
 */
export function missingFeatures({ objectStore }: ExistingPlatform): string[] {
  const missing = Object.entries(without).filter(
    ([feature]) => !objectStore.features[feature as keyof StoreFeatures],
  );
  if (missing.length === 0) return [];
  return [
    `The object store's features leave its buckets without: ${missing.map(([, words]) => words).join("; ")}.`,
  ];
}
