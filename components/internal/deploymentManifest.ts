import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import type { PodResources } from "./tiers.ts";
import { Component, labelsOf, selectorOf, type Identity } from "./labels.ts";
import { clusterAccountVolume } from "./issuerAccess.ts";
import { objectNames } from "./names.ts";
import { containerSecurityContext, podSecurityContext } from "./podSecurity.ts";
import { podAccess, type PodRole } from "./podAccess.ts";
import {
  caVolume,
  credentialKeys,
  failureMessage,
  plainEnv,
  pullSecrets,
  secretEnv,
  temporaryVolume,
  tokenVolume,
} from "./podParts.ts";
import { metricsPort, serverPort } from "./hosts.ts";
import type { ResolvedInstance } from "./resolvedInstance.ts";

export interface DeploymentFacts extends Pick<
  ResolvedInstance,
  "mlflowVersion" | "replicas" | "resources" | "temporaryStorage" | "prepareDeletion"
> {
  identity: Identity;
  image: Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly Input<string>[];
  /** Seconds between the decision to end a pod and its end. */
  drainSeconds: number;
  credentialsSecret: Input<string>;
  caConfigMap: Input<string> | undefined;
  /** Role of AWS that the pod takes on; without one its key pair is in the secret. */
  role: PodRole | undefined;
  /** Whether the platform has a monitoring system. */
  isMonitored: boolean;
  /** Whether the server fetches the cluster's token keys. */
  asksCluster: boolean;
  /** Settings that are no secrets. */
  environment: Record<string, Input<string>>;
}

/**
 * Seconds from the decision to end a pod to the kubelet's kill: an upload in flight may take longer
 * than the default 30.
 */
const graceSeconds = 60;
/** Seconds that are left to the process after its last request, before the kubelet kills it. */
const endMarginSeconds = 5;

/** The tracking server's Deployment. */
export function deploymentManifest(facts: DeploymentFacts): input.apps.v1.DeploymentSpec {
  const selector = selectorOf(facts.identity.instanceName, Component.TrackingServer);
  const access = podAccess(facts.credentialsSecret, facts.role);
  const mounts = [
    temporaryVolume(facts.temporaryStorage),
    tokenVolume(objectNames.tokenHashes),
    ...(facts.caConfigMap === undefined ? [] : [caVolume(facts.caConfigMap)]),
    ...access.parts,
    ...(facts.asksCluster ? [clusterAccountVolume] : []),
  ];
  return {
    // Before its deletion an instance serves no request: the pods go, the rest stays as it is.
    replicas: facts.prepareDeletion ? 0 : facts.replicas,
    // Old pods are of no use: going back is another `up`, and schemas don't go back at all.
    revisionHistoryLimit: 2,
    // An update fails within 3 minutes when no new pod comes. A cluster that first adds a node may
    // take longer: the pods still start, and the next update finds them.
    progressDeadlineSeconds: 170,
    // A new pod is ready before an old one goes, with one replica too; the pool counts this
    // additional pod.
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: selector },
    template: {
      metadata: {
        labels: labelsOf(facts.identity, Component.TrackingServer),
        annotations: { "mlflow-instances/mlflow-version": facts.mlflowVersion },
      },
      spec: {
        serviceAccountName: objectNames.serviceAccount,
        automountServiceAccountToken: false,
        // Otherwise every service of the namespace becomes variables such as MLFLOW_PORT, which
        // MLflow reads as its own settings.
        enableServiceLinks: false,
        ...pullSecrets(facts.imagePullSecrets),
        terminationGracePeriodSeconds: graceSeconds,
        securityContext: podSecurityContext,
        ...(facts.replicas > 1 ? { topologySpreadConstraints: [spreadOverNodes(selector)] } : {}),
        containers: [
          {
            name: "server",
            image: facts.image,
            command: ["mlflow-instance-server"],
            ports: [
              { name: "http", containerPort: serverPort },
              ...(facts.isMonitored ? [{ name: "metrics", containerPort: metricsPort }] : []),
            ],
            env: [
              ...secretEnv(facts.credentialsSecret, {
                MLFLOW_BACKEND_STORE_URI: credentialKeys.backendUri,
                MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: credentialKeys.webhookKey,
                MLFLOW_CRYPTO_KEK_PASSPHRASE: credentialKeys.keyPassphrase,
              }),
              ...access.env,
              ...plainEnv(facts.environment),
              // The process gets SIGTERM after the drain, and its requests all that is left.
              {
                name: "MLFLOW_INSTANCE_GRACE_SECONDS",
                value: String(graceSeconds - facts.drainSeconds - endMarginSeconds),
              },
              // In bytes: what one request may ask for follows from it, also where the limit is the
              // user's own.
              {
                name: "MLFLOW_INSTANCE_MEMORY_LIMIT",
                valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1" } },
              },
            ],
            ...failureMessage,
            securityContext: containerSecurityContext,
            resources: containerResources(facts.resources),
            volumeMounts: mounts.map(({ mount }) => mount),
            // A worker that fails on import is restarted for ever while the parent stays up:
            // without this the pod would never be seen as broken.
            startupProbe: {
              httpGet: { path: "/health", port: "http" },
              periodSeconds: 1,
              timeoutSeconds: 2,
              failureThreshold: 180,
            },
            // The process only: a dead database must not restart pods.
            livenessProbe: {
              httpGet: { path: "/health", port: "http" },
              periodSeconds: 10,
              timeoutSeconds: 5,
              failureThreshold: 6,
            },
            // The database too: it answers 503 when `SELECT 1` takes longer than 2 s, so the probe
            // waits a little longer.
            readinessProbe: {
              httpGet: { path: "/health/ready", port: "http" },
              periodSeconds: 5,
              timeoutSeconds: 4,
              failureThreshold: 3,
            },
            // The ingress controller learns of the end a moment after the pod does; until then it
            // still sends requests.
            lifecycle: { preStop: { sleep: { seconds: facts.drainSeconds } } },
          },
        ],
        volumes: mounts.map(({ volume }) => volume),
      },
    },
  };
}

/** Spread where there are several nodes, but run where there is one. */
function spreadOverNodes(selector: Record<string, string>): input.core.v1.TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
    // Counts the new pods of a rollout only: otherwise the old ones push all new ones to one node.
    matchLabelKeys: ["pod-template-hash"],
  };
}

function containerResources(resources: PodResources): input.core.v1.ResourceRequirements {
  return {
    requests: { cpu: resources.cpuRequest, memory: resources.memoryRequest },
    limits: {
      ...(resources.cpuLimit === undefined ? {} : { cpu: resources.cpuLimit }),
      memory: resources.memoryLimit,
    },
  };
}
