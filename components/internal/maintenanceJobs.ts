import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { Component, labelsOf, type Identity } from "./labels.ts";
import { objectNames, type Noun } from "./names.ts";
import { podAccess, type PodRole } from "./podAccess.ts";
import { containerSecurityContext, podSecurityContext } from "./podSecurity.ts";
import {
  caVolume,
  credentialKeys,
  failureMessage,
  plainEnv,
  pullSecrets,
  secretEnv,
  temporaryVolume,
} from "./podParts.ts";

/** What tells one maintenance job from another. */
export interface MaintenanceKind {
  component: Component;
  /** Name of CronJob and ServiceAccount in the namespace. */
  objectName: string;
  command: string;
  /**
   * Seconds after which a run is ended; it is safe to kill, and the next one goes on where it was.
   */
  deadline: number;
  /** Seconds within which a start that was missed (the cluster was down) is made up for. */
  startingDeadline: number;
  nouns: { account: Noun; credentials: Noun; cronJob: Noun };
}

const hour = 3600;

export const retentionKind: MaintenanceKind = {
  component: Component.Retention,
  objectName: objectNames.retention,
  command: "mlflow-instance-retention",
  deadline: 4 * hour,
  startingDeadline: 6 * hour,
  nouns: { account: "retentionAccount", credentials: "retentionCredentials", cronJob: "retention" },
};

export const staleRunsKind: MaintenanceKind = {
  component: Component.StaleRuns,
  objectName: objectNames.staleRuns,
  command: "mlflow-instance-stale-runs",
  deadline: hour / 2,
  startingDeadline: hour / 2,
  nouns: { account: "staleRunsAccount", credentials: "staleRunsCredentials", cronJob: "staleRuns" },
};

export interface MaintenanceJobFacts {
  identity: Identity;
  mlflowVersion: string;
  image: Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly Input<string>[];
  schedule: string;
  timeZone: string;
  credentialsSecret: Input<string>;
  caConfigMap: Input<string> | undefined;
  /** Role of AWS that the pod takes on; without one its key pair is in the secret. */
  role: PodRole | undefined;
  /** Settings that are no secrets. */
  environment: Record<string, Input<string>>;
}

/** Name of the container, by which a command finds it in the template. */
export const maintenanceContainer = "maintenance";

/**
 * Exit codes that a second try won't change: wrong settings, something left for an administrator,
 * another job at work.
 */
const finalExitCodes = [2, 3, 4];

/** A CronJob of the image's maintenance commands. */
export function maintenanceCronJob(
  kind: MaintenanceKind,
  facts: MaintenanceJobFacts,
): input.batch.v1.CronJobSpec {
  const labels = labelsOf(facts.identity, kind.component);
  const annotations = { "mlflow-instances/mlflow-version": facts.mlflowVersion };
  const access = podAccess(facts.credentialsSecret, facts.role);
  const mounts = [
    temporaryVolume("64Mi"),
    ...(facts.caConfigMap === undefined ? [] : [caVolume(facts.caConfigMap)]),
    ...access.parts,
  ];
  return {
    schedule: facts.schedule,
    timeZone: facts.timeZone,
    // Configured although it is the default: drift compares configured fields only, and a suspended
    // job is a difference.
    suspend: false,
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: kind.startingDeadline,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels, annotations },
      spec: {
        backoffLimit: 2,
        activeDeadlineSeconds: kind.deadline,
        // For jobs that a command starts from this template, which no history limit counts.
        ttlSecondsAfterFinished: 7 * 24 * hour,
        podFailurePolicy: {
          rules: [
            // A drained node says nothing about the job.
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
            {
              action: "FailJob",
              onExitCodes: {
                containerName: maintenanceContainer,
                operator: "In",
                values: finalExitCodes,
              },
            },
          ],
        },
        template: {
          metadata: { labels, annotations },
          spec: {
            restartPolicy: "Never",
            serviceAccountName: kind.objectName,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            ...pullSecrets(facts.imagePullSecrets),
            securityContext: podSecurityContext,
            containers: [
              {
                name: maintenanceContainer,
                image: facts.image,
                command: [kind.command],
                env: [
                  ...secretEnv(facts.credentialsSecret, {
                    MLFLOW_BACKEND_STORE_URI: credentialKeys.backendUri,
                  }),
                  ...access.env,
                  ...plainEnv(facts.environment),
                ],
                ...failureMessage,
                securityContext: containerSecurityContext,
                // Measured: 64 MiB once its libraries are loaded. It works in pages and never
                // imports MLflow, so an instance's size adds little.
                resources: {
                  requests: { cpu: "50m", memory: "96Mi" },
                  limits: { memory: "256Mi" },
                },
                volumeMounts: mounts.map(({ mount }) => mount),
              },
            ],
            volumes: mounts.map(({ volume }) => volume),
          },
        },
      },
    },
  };
}
