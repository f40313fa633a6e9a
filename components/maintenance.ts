import type * as pulumi from "@pulumi/pulumi";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import type { MaintenanceSettings } from "./mlflowInstanceArgs.ts";
import type { BucketCredentials } from "./mlflowInstanceArgs.ts";
import { credentialData, replacedByData } from "./internal/credentialsSecret.ts";
import { labelsOf, type Identity } from "./internal/labels.ts";
import {
  maintenanceCronJob,
  retentionKind,
  staleRunsKind,
  type MaintenanceKind,
} from "./internal/maintenanceJobs.ts";
import { logicalName } from "./internal/names.ts";
import { childrenOf, type Children } from "./internal/options.ts";
import { accountAnnotations, type PodRole } from "./internal/podAccess.ts";

export interface MaintenanceArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly pulumi.Input<string>[];
  mlflowVersion: string;
  schedules: Required<MaintenanceSettings>;
  /** URIs of the backend store with each job's own role; secrets. */
  backendUris: { retention: pulumi.Output<string>; staleRuns: pulumi.Output<string> };
  /** Key pair for the bucket, unless there is a role. */
  bucketCredentials: pulumi.Input<BucketCredentials> | undefined;
  /** Role of AWS that the pods take on. */
  role: PodRole | undefined;
  caConfigMap: pulumi.Input<string> | undefined;
  /** Settings that are no secrets. */
  environment: Record<string, string>;
  /** What has to exist before the first job starts. */
  after: pulumi.Resource[];
}

/**
 * What removes for good what was deleted long enough ago, and ends runs that died without a word:
 * one CronJob each, with its own credentials.
 */
export class Maintenance {
  private readonly child: Children;

  constructor(name: string, args: MaintenanceArgs, instance: pulumi.Resource) {
    this.child = childrenOf(instance, "Maintenance");
    this.job(
      name,
      retentionKind,
      args,
      args.schedules.retentionSchedule,
      args.backendUris.retention,
    );
    this.job(
      name,
      staleRunsKind,
      args,
      args.schedules.staleRunsSchedule,
      args.backendUris.staleRuns,
    );
  }

  private job(
    name: string,
    kind: MaintenanceKind,
    args: MaintenanceArgs,
    schedule: string,
    backendUri: pulumi.Output<string>,
  ): void {
    const metadata = { namespace: args.namespace, labels: labelsOf(args.identity, kind.component) };
    const account = new ServiceAccount(
      logicalName(name, kind.nouns.account),
      // The jobs never talk to the Kubernetes API.
      {
        metadata: { ...metadata, name: kind.objectName, ...accountAnnotations(args.role) },
        automountServiceAccountToken: false,
      },
      this.child(),
    );
    const credentials = new Secret(
      logicalName(name, kind.nouns.credentials),
      { metadata, stringData: credentialData(backendUri, args.bucketCredentials) },
      this.child(replacedByData),
    );
    new CronJob(
      logicalName(name, kind.nouns.cronJob),
      {
        metadata: { ...metadata, name: kind.objectName },
        spec: maintenanceCronJob(kind, {
          identity: args.identity,
          mlflowVersion: args.mlflowVersion,
          image: args.image,
          imagePullSecrets: args.imagePullSecrets,
          schedule,
          timeZone: args.schedules.timeZone,
          credentialsSecret: credentials.metadata.name,
          caConfigMap: args.caConfigMap,
          role: args.role,
          environment: args.environment,
        }),
      },
      this.child({ dependsOn: [account, ...args.after] }),
    );
  }
}
