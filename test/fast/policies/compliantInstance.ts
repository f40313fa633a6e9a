import { labels } from "./fixtures.ts";
import type { Given } from "./support.ts";

// The parts of the instance `shop` (fixtures.ts has its namespace, compliantBucket.ts its bucket),
// each as its rules want it.

const metadata = (name: string, component: string) => ({
  name,
  namespace: "mlflow-shop",
  labels: labels({ "app.kubernetes.io/component": component }),
});

export const image = `registry.example.com/tracking-server:3.17.2@sha256:${"a1".repeat(32)}`;

const fromSecret = (name: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: "credentials", key } },
});

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: 10001,
  seccompProfile: { type: "RuntimeDefault" },
};

const containerSecurity = {
  ...podSecurity,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

const resources = { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "1Gi" } };

const terminationMessagePolicy = "FallbackToLogsOnError";

const template = (component: string, container: object) => ({
  metadata: {
    labels: labels({ "app.kubernetes.io/component": component }),
    annotations: { "mlflow-instances/mlflow-version": "3.17.2" },
  },
  spec: {
    automountServiceAccountToken: false,
    securityContext: podSecurity,
    containers: [
      {
        image,
        securityContext: containerSecurity,
        resources,
        terminationMessagePolicy,
        ...container,
      },
    ],
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: "10Gi" } }],
  },
});

/** Way to the pod and to the container in a Deployment or a Job, for `changed`. */
export const pod = ["spec", "template", "spec"] as const;
export const container = [...pod, "containers", 0] as const;

const serverEnvironment = {
  MLFLOW_INSTANCE_WORKERS: "2",
  MLFLOW_INSTANCE_TOKENS_FILE: "/etc/mlflow-instance/tokens/tokens.json",
  MLFLOW_SERVER_ALLOWED_HOSTS: "shop.example.com,shop.example.com:443",
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://shop.example.com",
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
  MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: "3",
  MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: "3",
};

/** The tracking server, with other variables: undefined takes one away. */
export const serverWith = (changedVariables: Record<string, string | undefined> = {}): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "shop-server",
  props: {
    metadata: metadata("mlflow", "tracking-server"),
    spec: {
      replicas: 2,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: (() => {
        const made = template("tracking-server", {
          name: "server",
          command: ["mlflow-instance-server"],
          env: [
            fromSecret("MLFLOW_BACKEND_STORE_URI", "backend-store-uri"),
            ...Object.entries({ ...serverEnvironment, ...changedVariables }).flatMap(
              ([name, value]) => (value === undefined ? [] : [{ name, value }]),
            ),
          ],
          startupProbe: { httpGet: { path: "/health", port: "http" } },
          livenessProbe: { httpGet: { path: "/health", port: "http" } },
          readinessProbe: { httpGet: { path: "/health/ready", port: "http" } },
        });
        const spread = {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          labelSelector: {
            matchLabels: {
              "app.kubernetes.io/instance": "shop",
              "app.kubernetes.io/component": "tracking-server",
            },
          },
        };
        return { ...made, spec: { ...made.spec, topologySpreadConstraints: [spread] } };
      })(),
    },
  },
});

export const server = serverWith();

export const migrationJob: Given = {
  type: "kubernetes:batch/v1:Job",
  name: "shop-migration",
  props: {
    metadata: metadata("migration-1", "migration"),
    spec: {
      template: template("migration", { name: "migrate", command: ["mlflow-instance-migrate"] }),
    },
  },
};

export const cronJob: Given = {
  type: "kubernetes:batch/v1:CronJob",
  name: "shop-retention",
  props: {
    metadata: metadata("retention", "retention"),
    spec: {
      schedule: "7 3 * * *",
      jobTemplate: { spec: { template: template("retention", { name: "maintenance" }) } },
    },
  },
};

export const disruptionBudget: Given = {
  type: "kubernetes:policy/v1:PodDisruptionBudget",
  name: "shop-disruption-budget",
  props: {
    metadata: metadata("mlflow", "tracking-server"),
    spec: {
      maxUnavailable: 1,
      selector: {
        matchLabels: {
          "app.kubernetes.io/instance": "shop",
          "app.kubernetes.io/component": "tracking-server",
        },
      },
    },
  },
};

export const ingress: Given = {
  type: "kubernetes:networking.k8s.io/v1:Ingress",
  name: "shop-ingress",
  props: {
    metadata: {
      ...metadata("mlflow", "ingress"),
      annotations: {
        "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
        "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
      },
    },
    spec: {
      rules: [{ host: "shop.example.com" }],
      tls: [{ hosts: ["shop.example.com"], secretName: "mlflow-tls" }],
    },
  },
};

export const caBundle: Given = {
  type: "kubernetes:core/v1:ConfigMap",
  name: "shop-ca-bundle",
  props: {
    metadata: metadata("ca", "tracking-server"),
    data: { "ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" },
  },
};

const databaseAddress =
  "postgresql+psycopg2://mlflow_shop:hidden@db.example.com:5432/mlflow_shop?sslmode=verify-full";

const encoded = (texts: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );

/** The Secret with what a pod logs in with, as the provider encodes it. */
export const credentialsWith = (texts: Record<string, string> = {}): Given => ({
  type: "kubernetes:core/v1:Secret",
  name: "shop-credentials",
  props: {
    metadata: metadata("credentials", "tracking-server"),
    data: encoded({ "backend-store-uri": databaseAddress, ...texts }),
  },
});

export const credentials = credentialsWith();

interface TokenFacts {
  readonly name: string;
  readonly role?: string;
  readonly expires?: unknown;
  readonly generation?: number;
  readonly created?: string | undefined;
}

/** The Secret with the token file, in a tier. */
export const tokensWith = (tokens: readonly TokenFacts[], tier = "standard"): Given => ({
  type: "kubernetes:core/v1:Secret",
  name: "shop-token-hashes",
  props: {
    metadata: {
      ...metadata("mlflow-tokens", "access-tokens"),
      labels: labels({
        "app.kubernetes.io/component": "access-tokens",
        "mlflow-instances/tier": tier,
      }),
    },
    data: encoded({
      "tokens.json": JSON.stringify({
        version: 1,
        tokens: tokens.map((token) => ({ ...token, sha256: "5e" })),
      }),
    }),
  },
});

export const tokens = tokensWith([{ name: "ci", role: "edit", expires: "2027-02-20" }]);

export const databaseServer: Given = {
  type: "aws:rds/instance:Instance",
  name: "postgresql",
  opts: { protect: true },
  props: { deletionProtection: true, skipFinalSnapshot: false },
};

export const role: Given = {
  type: "postgresql:index/role:Role",
  name: "shop-database-role",
  opts: { protect: true },
  props: {
    name: "mlflow_shop",
    login: true,
    connectionLimit: 84,
    superuser: false,
    createDatabase: false,
    createRole: false,
  },
};

export const database: Given = {
  type: "postgresql:index/database:Database",
  name: "shop-database",
  opts: { protect: true },
  props: { name: "mlflow_shop", owner: "mlflow_shop" },
};

type Path = readonly (string | number)[];

/** The resource with another value at the path; undefined takes the key away. */
export function changed(given: Given, path: Path, value: unknown): Given {
  const at = (whole: any, [key, ...rest]: Path): unknown => {
    if (key === undefined) return value;
    const copy: any = Array.isArray(whole) ? [...whole] : { ...whole };
    copy[key] = at(copy[key], rest);
    if (copy[key] === undefined) delete copy[key];
    return copy;
  };
  return { ...given, props: at(given.props, path) as Record<string, any> };
}
