import type * as pulumi from "@pulumi/pulumi";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Job } from "@pulumi/kubernetes/batch/v1/job.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { MonitoringSettings } from "./monitoringSettings.ts";
import type { BucketCredentials } from "./mlflowInstanceArgs.ts";
import type { ResolvedInstance } from "./internal/resolvedInstance.ts";
import { credentialData, replacedByData, serverKeyData } from "./internal/credentialsSecret.ts";
import { deploymentManifest } from "./internal/deploymentManifest.ts";
import { metricsPort, servicePort } from "./internal/hosts.ts";
import { Component, labelsOf, selectorOf, type Identity } from "./internal/labels.ts";
import { migrationJob } from "./internal/migrationJob.ts";
import { logicalName, objectNames } from "./internal/names.ts";
import { childrenOf } from "./internal/options.ts";
import { accountAnnotations, type PodRole } from "./internal/podAccess.ts";
import { caKey } from "./internal/podParts.ts";

export interface TrackingServerArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly pulumi.Input<string>[];
  settings: ResolvedInstance;
  /** Seconds between the decision to end a pod and its end. */
  drainSeconds: number;
  /** URI of the backend store; a secret. */
  backendUri: pulumi.Output<string>;
  /** Key pair for the bucket, unless there is a role. */
  bucketCredentials: pulumi.Input<BucketCredentials> | undefined;
  /** Role of AWS that the pods take on. */
  role: PodRole | undefined;
  caBundle: string | undefined;
  /** Roles that the migration gives their rights, by the variable that names them. */
  maintenanceRoles: Record<string, pulumi.Input<string>>;
  monitoring: MonitoringSettings | undefined;
  /** Whether the server fetches the cluster's token keys. */
  asksCluster: boolean;
  /** Settings that are no secrets. */
  environment: Record<string, pulumi.Input<string>>;
  /** What has to exist before the schema is migrated. */
  beforeMigration: pulumi.Resource[];
  /** What has to exist, besides, before the server starts. */
  beforeServer: pulumi.Resource[];
}

/** The MLflow server: its credentials, the migration of its schema, its pods and their service. */
export class TrackingServer {
  /** Name of the service. */
  readonly serviceName: pulumi.Output<string>;
  /** Name of the ConfigMap with the CA bundle, when one was given. */
  readonly caConfigMap: pulumi.Output<string> | undefined;
  /** What has to be done before anything else works on the database's tables. */
  readonly migrated: pulumi.Resource[];
  /** The server's pods run, or, when it is stopped, are on their way out. */
  readonly rolledOut: pulumi.Resource[];
  /** Secret with the credentials of the database's owner and of the bucket. */
  readonly credentialsSecret: pulumi.Output<string>;

  constructor(name: string, args: TrackingServerArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "TrackingServer");
    const { identity, namespace, settings } = args;
    const { instanceName } = identity;
    const labels = labelsOf(identity, Component.TrackingServer);
    const metadata = (objectName?: string) => ({
      namespace,
      labels,
      ...(objectName === undefined ? {} : { name: objectName }),
    });

    const account = new ServiceAccount(
      logicalName(name, "serviceAccount"),
      // MLflow never talks to the Kubernetes API.
      {
        metadata: { ...metadata(objectNames.serviceAccount), ...accountAnnotations(args.role) },
        automountServiceAccountToken: false,
      },
      child(),
    );
    const serverKey = new RandomPassword(
      logicalName(name, "serverKey"),
      { length: 43, special: false },
      child(),
    );
    const keys = serverKeyData(serverKey.result);
    const credentials = new Secret(
      logicalName(name, "credentials"),
      {
        metadata: metadata(),
        stringData: credentialData(args.backendUri, args.bucketCredentials, keys),
      },
      child(replacedByData),
    );
    const caBundle =
      args.caBundle === undefined
        ? undefined
        : new ConfigMap(
            logicalName(name, "caBundle"),
            { metadata: metadata(), data: { [caKey]: args.caBundle } },
            child(replacedByData),
          );
    const image = {
      identity,
      mlflowVersion: settings.mlflowVersion,
      image: args.image,
      imagePullSecrets: args.imagePullSecrets,
      credentialsSecret: credentials.metadata.name,
      caConfigMap: caBundle?.metadata.name,
    };

    // Pods never migrate: two that start on an empty database would race. A new image gets a new
    // Job, which the Deployment waits for.
    const migration = new Job(
      logicalName(name, "migration"),
      {
        metadata: {
          namespace,
          labels: labelsOf(identity, Component.Migration),
          // One that failed is tried again by the next `up`; without this the engine would look at
          // the same failed Job until the image changes.
          annotations: { "pulumi.com/replaceUnready": "true" },
        },
        spec: migrationJob({ ...image, maintenanceRoles: args.maintenanceRoles }),
      },
      // A little longer than the Job's own deadline, so that its failure is what the user reads.
      child({
        dependsOn: [account, ...args.beforeMigration],
        customTimeouts: { create: "32m" },
      }),
    );
    const server = new Deployment(
      logicalName(name, "server"),
      {
        metadata: metadata(objectNames.server),
        spec: deploymentManifest({
          ...settings,
          ...image,
          role: args.role,
          drainSeconds: args.drainSeconds,
          isMonitored: args.monitoring !== undefined,
          asksCluster: args.asksCluster,
          environment: args.environment,
        }),
      },
      child({ dependsOn: [migration, ...args.beforeServer] }),
    );
    const service = new Service(
      logicalName(name, "service"),
      {
        metadata: {
          ...metadata(objectNames.service),
          // Waiting for endpoints takes 10 s even when they are ready, and the Deployment is
          // awaited anyway.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          type: "ClusterIP",
          selector: selectorOf(instanceName, Component.TrackingServer),
          ports: [
            { name: "http", port: servicePort, targetPort: "http" },
            ...(args.monitoring === undefined
              ? []
              : [{ name: "metrics", port: metricsPort, targetPort: "metrics" }]),
          ],
        },
      },
      child(),
    );
    if (args.monitoring?.serviceMonitor === true)
      new CustomResource(
        logicalName(name, "serviceMonitor"),
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "ServiceMonitor",
          metadata: metadata(objectNames.serviceMonitor),
          spec: {
            selector: { matchLabels: selectorOf(instanceName, Component.TrackingServer) },
            endpoints: [{ port: "metrics" }],
          },
        },
        child(),
      );
    if (settings.replicas > 1 && !settings.prepareDeletion) {
      new PodDisruptionBudget(
        logicalName(name, "disruptionBudget"),
        {
          metadata: metadata(objectNames.disruptionBudget),
          // Not `minAvailable`: a drain must get on when one pod is down already. With one replica
          // there is none at all, for the same reason.
          spec: {
            maxUnavailable: 1,
            selector: { matchLabels: selectorOf(instanceName, Component.TrackingServer) },
          },
        },
        child(),
      );
    }
    this.serviceName = service.metadata.name;
    this.caConfigMap = caBundle?.metadata.name;
    this.migrated = [migration];
    this.rolledOut = [server];
    this.credentialsSecret = credentials.metadata.name;
  }
}
