import type { StackValues } from "../../local/stack/values.ts";
import { runWithMocks, type Registration } from "./mocks.ts";
import { dayIn } from "./dates.ts";
import { instanceArgs, instanceTypes, newInstance, platformArgs } from "./instance.ts";
import { urnOf } from "./urn.ts";

/** A resource as a team writes it without our components. */
export interface RawResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, any>;
  readonly protect: boolean;
  /** Logical name of its provider; none for a provider. */
  readonly provider?: string;
}

const store = {
  region: "eu-central-1",
  endpoints: JSON.stringify([{ s3: "https://s3.example.com" }]),
};

export const providers: readonly RawResource[] = [
  {
    type: "pulumi:providers:kubernetes",
    name: "the-cluster",
    inputs: { clusterIdentifier: "prod" },
    protect: false,
  },
  { type: "pulumi:providers:aws", name: "the-object-store", inputs: store, protect: false },
  {
    type: "pulumi:providers:aws",
    name: "the-cloud",
    inputs: { region: "eu-central-1" },
    protect: false,
  },
  {
    type: "pulumi:providers:postgresql",
    name: "the-database-server",
    inputs: { host: "db.example.com", sslmode: "verify-full" },
    protect: false,
  },
  { type: "pulumi:providers:random", name: "the-random", inputs: {}, protect: false },
];

const arguments_ = (name: string) => {
  const { objectStore, postgresql } = platformArgs();
  return instanceArgs(
    {
      instanceName: name,
      tier: "production",
      costCenter: "4711",
      bucketCredentials: {
        accessKeyId: `KEY-${name}`,
        secretAccessKey: `secret-of-${name}`,
        principal: `${name}-user`,
      },
      maintenanceCredentials: {
        accessKeyId: `KEY-${name}-maintenance`,
        secretAccessKey: `maintenance-secret-of-${name}`,
        principal: `${name}-maintenance-user`,
      },
      tokens: [
        { name: "ci", role: "edit", expires: dayIn(60) },
        { name: "dashboard", role: "read", expires: dayIn(80) },
      ],
    },
    {
      environment: "prod",
      domain: "mlflow.example.com",
      image: `registry.example.com/tracking-server:3.17.2@sha256:${"a1".repeat(32)}`,
      objectStore: {
        ...objectStore,
        endpoint: "https://s3.example.com",
        lifecycle: true,
        encryption: true,
        publicAccessBlock: true,
      },
      postgresql: { ...postgresql, host: "db.example.com", maxConnections: 400 },
    },
  );
};

/** Providers of the same names that reach a platform, for a preview of the program. */
export function platformProviders({ environment, secrets }: StackValues): RawResource[] {
  const { kubernetes, objectStore, postgresql } = environment["platform"] as Record<
    string,
    Record<string, any>
  >;
  const provider = (type: string, name: string, inputs: Record<string, any>): RawResource => ({
    type: `pulumi:providers:${type}`,
    name,
    inputs,
    protect: false,
  });
  return [
    provider("kubernetes", "the-cluster", { ...kubernetes, clusterIdentifier: "prod" }),
    provider("aws", "the-object-store", {
      region: objectStore?.["region"],
      accessKey: objectStore?.["accessKeyId"],
      secretKey: secrets["objectStoreSecretAccessKey"],
      endpoints: JSON.stringify([{ s3: objectStore?.["endpoint"] }]),
      s3UsePathStyle: "true",
      skipCredentialsValidation: "true",
      skipRequestingAccountId: "true",
      skipMetadataApiCheck: "true",
      skipRegionValidation: "true",
    }),
    provider("postgresql", "the-database-server", {
      host: postgresql?.["host"],
      port: String(postgresql?.["port"]),
      username: postgresql?.["adminUser"],
      password: secrets["postgresqlAdminPassword"],
      sslmode: "verify-full",
    }),
    provider("random", "the-random", {}),
  ];
}

/** What a platform at a cloud declares beside its instances. */
const databaseServer: RawResource = {
  type: "aws:rds/instance:Instance",
  name: "database-server",
  inputs: {
    engine: "postgres",
    deletionProtection: true,
    skipFinalSnapshot: false,
    backupRetentionPeriod: 35,
  },
  protect: true,
  provider: "the-cloud",
};

const providerOf = ({ provider }: Registration): string =>
  (provider.split("::").at(-2) ?? "").toString();

const accessKey = new Set([
  "access-key-id",
  "secret-access-key",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
]);

/**
 * At the cloud itself a role takes the place of the access key, in the Secrets and in what the
 * containers read from them.
 */
function atTheCloud(resource: RawResource): RawResource {
  if (resource.provider === "the-object-store") return { ...resource, provider: "the-cloud" };
  const without = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.filter((item) => !accessKey.has(item?.name)).map(without);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) =>
        accessKey.has(key) ? [] : [[key, without(inner)]],
      ),
    );
  };
  return { ...resource, inputs: without(resource.inputs) as Record<string, any> };
}

/**
 * Two instances of production as flat resources: what our component registers, without the
 * component. `fraud-detector` keeps its artifacts in a store that speaks S3, `search-ranker` at
 * AWS.
 */
export async function compliantStack(): Promise<RawResource[]> {
  const { registrations } = await runWithMocks(instanceTypes, () =>
    ["fraud-detector", "search-ranker"].map((name) => newInstance(arguments_(name))),
  );
  const flat = registrations
    .filter(({ custom }) => custom)
    .map((registration): RawResource => {
      const { type, name, protect } = registration;
      const inputs = structuredClone(registration.inputs) as Record<string, any>;
      // A provider's name of its own, as the engine knows it after the check.
      if (type.startsWith("kubernetes:"))
        inputs["metadata"] = {
          ...inputs["metadata"],
          name: inputs["metadata"].name ?? `${name}-0a1b2c3d`,
        };
      const resource = { type, name, inputs, protect, provider: providerOf(registration) };
      return name.startsWith("search-ranker-") ? atTheCloud(resource) : resource;
    });
  return [...providers, databaseServer, ...flat];
}

const known = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The resources as the state of a stack after `up`. */
export function stateOf(stack: string, resources: readonly RawResource[]): object {
  const providerReference = (name: string): string => {
    const provider = resources.find((resource) => resource.name === name);
    if (provider === undefined) throw new Error(`there is no provider ${name}`);
    return `${urnOf(stack, provider)}::${name}-id`;
  };
  const stackResource = {
    urn: `urn:pulumi:${stack}::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-${stack}`,
    custom: false,
  };
  return {
    version: 3,
    deployment: {
      manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
      resources: [
        { ...stackResource, type: "pulumi:pulumi:Stack" },
        ...resources.map((resource) => ({
          urn: urnOf(stack, resource),
          type: resource.type,
          custom: true,
          id: `${resource.name}-id`,
          inputs: known(resource.inputs),
          outputs: known(resource.inputs),
          protect: resource.protect,
          ...(resource.provider === undefined
            ? {}
            : { provider: providerReference(resource.provider) }),
        })),
      ],
    },
  };
}
