import { bucket } from "./compliantBucket.ts";
import { cronJob, database, ingress, migrationJob, role, server } from "./compliantInstance.ts";
import { labels, namespace } from "./fixtures.ts";
import type { Given } from "./support.ts";

// Whole instances, for rules that look at several resources or at several instances.

const owner = { "mlflow-instances/owner": "retail@example.com" };

const metadata = (component: string) => ({
  namespace: "mlflow-shop",
  labels: labels({ "app.kubernetes.io/component": component }),
});

const role_ = (noun: string, ending: string): Given => ({
  ...role,
  name: `shop-${noun}-role`,
  props: { ...role.props, name: `mlflow_shop${ending}` },
});

const job = (name: string, env: Record<string, string>): Given => ({
  ...cronJob,
  name: `shop-${name}`,
  props: {
    metadata: { ...metadata(name), name },
    spec: {
      suspend: false,
      jobTemplate: {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: "maintenance",
                  env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
                },
              ],
            },
          },
        },
      },
    },
  },
});

const environment = {
  MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: "s3-proxied://mlflow-dev-shop/artifacts",
  MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION: "30d",
  MLFLOW_INSTANCE_BUCKET_LIFECYCLE: "true",
};

const shop = {
  namespace: namespace(),
  defaultDeny: {
    type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    name: "shop-default-deny",
    props: {
      metadata: metadata("instance"),
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    },
  },
  bucket: {
    ...bucket,
    props: { ...bucket.props, tags: { ...bucket.props["tags"], ...owner, "cost-center": "4711" } },
  },
  lifecycle: {
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    name: "shop-bucket-lifecycle",
    props: {
      bucket: "mlflow-dev-shop",
      rules: [
        {
          id: "temporary-files",
          status: "Enabled",
          filter: { prefix: "tmp/" },
          expiration: { days: 7 },
        },
        {
          id: "aborted-uploads",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
        {
          id: "noncurrent-versions",
          status: "Enabled",
          filter: { prefix: "" },
          noncurrentVersionExpiration: { noncurrentDays: 30 },
          expiration: { expiredObjectDeleteMarker: true },
        },
      ],
    },
  },
  bucketPolicy: {
    type: "aws:s3/bucketPolicy:BucketPolicy",
    name: "shop-bucket-policy",
    props: {
      bucket: "mlflow-dev-shop",
      policy: JSON.stringify({
        Statement: [
          { Effect: "Allow", Principal: { AWS: ["user-shop"] }, Action: ["s3:GetObject"] },
          {
            Effect: "Allow",
            Principal: { AWS: ["platform-admin"] },
            Action: ["s3:ListBucket", "s3:*"],
          },
          { Effect: "Deny", Principal: "*", Action: ["s3:*"] },
        ],
      }),
    },
  },
  role,
  retentionRole: role_("retention", "_retention"),
  staleRunsRole: role_("stale-runs", "_stale_runs"),
  database,
  noPublic: {
    type: "postgresql:index/grant:Grant",
    name: "shop-database-no-public",
    props: { database: "mlflow_shop", role: "public", objectType: "database", privileges: [] },
  },
  retentionConnect: {
    type: "postgresql:index/grant:Grant",
    name: "shop-retention-connect",
    props: {
      database: "mlflow_shop",
      role: "mlflow_shop_retention",
      objectType: "database",
      privileges: ["CONNECT"],
    },
  },
  credentials: {
    type: "kubernetes:core/v1:Secret",
    name: "shop-credentials",
    props: {
      metadata: metadata("tracking-server"),
      stringData: {
        "backend-store-uri":
          "postgresql+psycopg2://mlflow_shop:hidden@db.example.com:5432/mlflow_shop?sslmode=verify-full",
        "access-key-id": "KEY-shop",
        "secret-access-key": "hidden",
      },
    },
  },
  tokens: {
    type: "kubernetes:core/v1:Secret",
    name: "shop-token-hashes",
    props: {
      metadata: metadata("access-tokens"),
      stringData: { "tokens.json": '{"version":1,"tokens":[]}' },
    },
  },
  migration: migrationJob,
  server,
  service: {
    type: "kubernetes:core/v1:Service",
    name: "shop-service",
    props: { metadata: metadata("tracking-server"), spec: {} },
  },
  ingress,
  retention: job("retention", environment),
  staleRuns: job("stale-runs", environment),
} satisfies Record<string, Given>;

export type Part = keyof typeof shop;

/** One part of an instance; its URN is `urn:` and its logical name. */
export function part(which: Part, instance = "shop"): Given {
  const inSql = `mlflow_${instance.replaceAll("-", "_")}`;
  const text = JSON.stringify(shop[which]).replaceAll(/mlflow_shop|shop/g, (found) =>
    found === "shop" ? instance : inSql,
  );
  const given = JSON.parse(text) as Given;
  return { ...given, urn: `urn:${given.name}` };
}

/** All parts of an instance, some of them changed; undefined takes one away. */
export function instance(
  name = "shop",
  changes: Partial<Record<Part, Given | undefined>> = {},
): Given[] {
  return (Object.keys(shop) as Part[]).flatMap((which) =>
    which in changes ? (changes[which] ?? []) : part(which, name),
  );
}

/** The namespace and so the instance on its way out. */
export const beingDeleted: Given = {
  ...namespace({}, { "mlflow-instances/deletion": "prepared" }),
  urn: "urn:shop-namespace",
};

/** The stack with one more resource. */
export const with_ = (more: Given, stack: readonly Given[] = instance()): Given[] => [
  ...stack,
  { ...more, urn: more.urn ?? `urn:${more.name}` },
];
