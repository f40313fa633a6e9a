// The rules know resource types and label keys, and no code of the components: they judge what is
// deployed by any program.

export const kubernetesType = {
  namespace: "kubernetes:core/v1:Namespace",
  configMap: "kubernetes:core/v1:ConfigMap",
  secret: "kubernetes:core/v1:Secret",
  service: "kubernetes:core/v1:Service",
  serviceAccount: "kubernetes:core/v1:ServiceAccount",
  resourceQuota: "kubernetes:core/v1:ResourceQuota",
  pod: "kubernetes:core/v1:Pod",
  deployment: "kubernetes:apps/v1:Deployment",
  replicaSet: "kubernetes:apps/v1:ReplicaSet",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  daemonSet: "kubernetes:apps/v1:DaemonSet",
  job: "kubernetes:batch/v1:Job",
  cronJob: "kubernetes:batch/v1:CronJob",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  networkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  disruptionBudget: "kubernetes:policy/v1:PodDisruptionBudget",
  autoscaler: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
} as const;

// A cluster serves an object of the Gateway API in every version of its kind, so each version counts.
const ofGatewayApi = (kind: string, ...versions: readonly string[]): readonly string[] =>
  versions.map((version) => `kubernetes:gateway.networking.k8s.io/${version}:${kind}`);

export const gatewayTypes = ofGatewayApi("Gateway", "v1", "v1beta1", "v1alpha2");
export const listenerSetTypes: readonly string[] = [
  ...ofGatewayApi("ListenerSet", "v1"),
  // Its name before version 1.5 of the Gateway API.
  "kubernetes:gateway.networking.x-k8s.io/v1alpha1:XListenerSet",
];
export const httpRouteTypes = ofGatewayApi("HTTPRoute", "v1", "v1beta1", "v1alpha2");
/** Routes of other protocols that name hosts. */
const grpcAndTlsRouteTypes: readonly string[] = [
  ...ofGatewayApi("GRPCRoute", "v1", "v1alpha2"),
  ...ofGatewayApi("TLSRoute", "v1", "v1alpha3", "v1alpha2"),
];
/** Routes that can lead to a Service and are not HTTPRoutes. */
export const otherRouteTypes: readonly string[] = [
  ...grpcAndTlsRouteTypes,
  ...ofGatewayApi("TCPRoute", "v1", "v1alpha2"),
  ...ofGatewayApi("UDPRoute", "v1", "v1alpha2"),
];
/** Objects through which a cluster answers at a host, or takes connections for it. */
export const hostTypes: readonly string[] = [
  kubernetesType.ingress,
  ...httpRouteTypes,
  ...grpcAndTlsRouteTypes,
  ...listenerSetTypes,
];

/** Every Kubernetes type that rules on labels and namespaces check. */
export const kubernetesTypes: readonly string[] = [
  ...Object.values(kubernetesType),
  ...gatewayTypes,
  ...listenerSetTypes,
  ...httpRouteTypes,
  ...otherRouteTypes,
];

// The same resource has two tokens: with and without the V2 of the years in which both were
// offered.
export const bucketTypes = ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"] as const;
export const bucketPolicyType = "aws:s3/bucketPolicy:BucketPolicy";
export const lifecycleTypes = [
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
] as const;
export const encryptionTypes = [
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
] as const;
export const publicAccessBlockType = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
export const bucketAclTypes = [
  "aws:s3/bucketAcl:BucketAcl",
  "aws:s3/bucketAclV2:BucketAclV2",
] as const;
export const objectTypes = [
  "aws:s3/bucketObject:BucketObject",
  "aws:s3/bucketObjectv2:BucketObjectv2",
  "aws:s3/objectCopy:ObjectCopy",
] as const;
export const intelligentTieringType =
  "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration";
export const backupPlanType = "aws:backup/plan:Plan";
export const accessKeyType = "aws:iam/accessKey:AccessKey";
export const databaseServerTypes = [
  "aws:rds/instance:Instance",
  "aws:rds/cluster:Cluster",
] as const;
export const databaseType = "postgresql:index/database:Database";
export const roleType = "postgresql:index/role:Role";
export const grantType = "postgresql:index/grant:Grant";
export const grantRoleType = "postgresql:index/grantRole:GrantRole";
export const postgresqlProviderType = "pulumi:providers:postgresql";

export const label = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  partOf: "app.kubernetes.io/part-of",
  managedBy: "app.kubernetes.io/managed-by",
  team: "mlflow-instances/team",
  environment: "mlflow-instances/environment",
  tier: "mlflow-instances/tier",
} as const;

/** Annotations of a namespace, and tags of a bucket: what is no valid label value. */
export const annotation = {
  owner: "mlflow-instances/owner",
  costCenter: "mlflow-instances/cost-center",
  mlflowVersion: "mlflow-instances/mlflow-version",
  retention: "mlflow-instances/deleted-experiment-retention",
  /** Age at which traces of active experiments go; an instance that has none keeps them. */
  traceRetention: "mlflow-instances/trace-retention",
  /** `max_connections` of the database server, as the deployer knows it. */
  serverConnections: "mlflow-instances/database-server-connections",
  /**
   * On the Secret with the token file: role and last day of every token by name, which a preview
   * knows before the tokens exist.
   */
  tokens: "mlflow-instances/tokens",
  /** Workloads of an instance, in plain. */
  workloads: "mlflow-instances/workloads",
  /**
   * `prepared` on an instance whose team has asked for its deletion by name: its running parts and
   * its protection are gone on purpose.
   */
  deletion: "mlflow-instances/deletion",
} as const;

/** Tags that the bucket of an instance has to have. */
export const bucketTags = [
  label.partOf,
  label.instance,
  label.team,
  label.environment,
  label.tier,
  annotation.owner,
] as const;

export const partOf = "mlflow-instances";

/** Values of the component label that rules look for. */
export const component = {
  trackingServer: "tracking-server",
  migration: "migration",
  retention: "retention",
  staleRuns: "stale-runs",
  accessTokens: "access-tokens",
  tokenDelivery: "token-delivery",
} as const;

type Props = Record<string, any>;

export interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

export const metadataOf = (props: Props): Metadata => props["metadata"] ?? {};

/** Labels of a Kubernetes object, or tags of a cloud resource. */
export const marksOf = ({ type, props }: { type: string; props: Props }): Record<string, string> =>
  (type.startsWith("kubernetes:")
    ? metadataOf(props).labels
    : (props["tags"] as Record<string, string> | undefined)) ?? {};

/** Where a resource belongs, as far as it says so itself. */
export interface Place {
  readonly instance?: string | undefined;
  readonly tier?: string | undefined;
  readonly environment?: string | undefined;
}

export function placeOf(resource: { type: string; props: Props; urn?: string }): Place {
  const marks = marksOf(resource);
  return {
    instance: marks[label.instance],
    tier: marks[label.tier],
    environment: marks[label.environment] ?? stackOf(resource.urn ?? ""),
  };
}

/** The stack's name, which is the environment's, for what carries no label. */
export const stackOf = (urn: string): string | undefined => /^urn:pulumi:([^:]+)::/.exec(urn)?.[1];

/** Whether the namespace belongs to an instance; a stack may hold others. */
export const isInstanceNamespace = (resource: { type: string; props: Props }): boolean =>
  resource.type === kubernetesType.namespace && marksOf(resource)[label.partOf] === partOf;

/**
 * Whether a resource says by a label or tag that it is an instance's. The label of the instance
 * alone says nothing: others' charts have it, too.
 */
export function isMarked(resource: { type: string; props: Props }): boolean {
  const marks = marksOf(resource);
  return (
    marks[label.partOf] === partOf ||
    Object.keys(marks).some((key) => key.startsWith("mlflow-instances/"))
  );
}

/**
 * Whether a Kubernetes object is an instance's: it says so, or lies in a namespace of one. A stack
 * may hold others.
 */
export const isOfInstance = (object: { type: string; props: Props }): boolean =>
  isMarked(object) || metadataOf(object.props).namespace?.startsWith("mlflow-") === true;

/**
 * Environments of pull requests: small, short-lived, each instance's name with the environment's in
 * front.
 */
export const isReviewEnvironment = (environment: string | undefined): boolean =>
  /^pr-[0-9]+$/.test(environment ?? "");
