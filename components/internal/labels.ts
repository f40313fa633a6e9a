import type { ResolvedInstance } from "./resolvedInstance.ts";

/** What labels and tags say about an instance. */
export type Identity = Pick<
  ResolvedInstance,
  "instanceName" | "team" | "owner" | "environment" | "tier" | "description" | "costCenter"
>;

export const Component = {
  Instance: "instance",
  TrackingServer: "tracking-server",
  Migration: "migration",
  Retention: "retention",
  StaleRuns: "stale-runs",
  FinalDump: "final-dump",
  Ingress: "ingress",
  AccessTokens: "access-tokens",
  TokenDelivery: "token-delivery",
  ArtifactStore: "artifact-store",
  BackendStore: "backend-store",
} as const;
export type Component = (typeof Component)[keyof typeof Component];

/** The label that tells an instance's parts from each other. */
export const componentLabel = "app.kubernetes.io/component";

/** Labels of every Kubernetes object. */
export function labelsOf(identity: Identity, component: Component): Record<string, string> {
  return {
    ...selectorOf(identity.instanceName, component),
    "app.kubernetes.io/part-of": "mlflow-instances",
    "app.kubernetes.io/managed-by": "pulumi",
    "mlflow-instances/team": identity.team,
    "mlflow-instances/environment": identity.environment,
    "mlflow-instances/tier": identity.tier,
  };
}

/**
 * The labels that select pods: only those that never change, because a Deployment's selector can't.
 */
export function selectorOf(instanceName: string, component: Component): Record<string, string> {
  return {
    "app.kubernetes.io/name": "mlflow",
    "app.kubernetes.io/instance": instanceName,
    [componentLabel]: component,
  };
}

/**
 * Says on the namespace and the bucket why parts of an instance are missing and its data is not
 * protected.
 */
const preparedForDeletion = { "mlflow-instances/deletion": "prepared" };

/**
 * Tags of cloud resources: the labels, and what is no label because a tag may hold more characters.
 */
export function tagsOf(
  identity: Identity,
  component: Component,
  preparingDeletion: boolean,
): Record<string, string> {
  return {
    ...labelsOf(identity, component),
    "mlflow-instances/owner": identity.owner,
    ...(identity.costCenter === undefined ? {} : { "cost-center": identity.costCenter }),
    ...(preparingDeletion ? preparedForDeletion : {}),
  };
}

/** What is worth knowing of an instance without looking into its parts. */
export interface NamespaceFacts {
  mlflowVersion: string;
  deletedExperimentRetention: string;
  traceRetention?: string | undefined;
  /** `max_connections` of the database server. */
  databaseServerConnections: number;
  preparingDeletion: boolean;
}

/** What is no valid label value (addresses, sentences) goes to annotations of the namespace. */
export function namespaceAnnotations(
  identity: Identity,
  facts: NamespaceFacts,
): Record<string, string> {
  return {
    "mlflow-instances/owner": identity.owner,
    ...(identity.description === undefined
      ? {}
      : { "mlflow-instances/description": identity.description }),
    ...(identity.costCenter === undefined
      ? {}
      : { "mlflow-instances/cost-center": identity.costCenter }),
    "mlflow-instances/mlflow-version": facts.mlflowVersion,
    "mlflow-instances/deleted-experiment-retention": facts.deletedExperimentRetention,
    ...(facts.traceRetention === undefined
      ? {}
      : { "mlflow-instances/trace-retention": facts.traceRetention }),
    "mlflow-instances/database-server-connections": String(facts.databaseServerConnections),
    ...(facts.preparingDeletion ? preparedForDeletion : {}),
  };
}
