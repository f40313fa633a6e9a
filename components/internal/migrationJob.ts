import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { Component, labelsOf, type Identity } from "./labels.ts";
import { objectNames } from "./names.ts";
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

export interface MigrationFacts {
  identity: Identity;
  mlflowVersion: string;
  image: Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly Input<string>[];
  credentialsSecret: Input<string>;
  caConfigMap: Input<string> | undefined;
  /**
   * Roles that get their rights on the tables after the migration, by the variable that names them.
   */
  maintenanceRoles: Record<string, Input<string>>;
}

/**
 * The Job that brings the schema to the image's version before new pods start. A Job's template
 * can't change: another image, version or database address, or other maintenance roles make a new
 * Job, and the lock inside the image makes any overlap harmless.
 */
export function migrationJob(facts: MigrationFacts): input.batch.v1.JobSpec {
  const mounts = [
    temporaryVolume("256Mi"),
    ...(facts.caConfigMap === undefined ? [] : [caVolume(facts.caConfigMap)]),
  ];
  return {
    // Transient faults (the database restarts) are retried; a broken migration fails the `up` soon,
    // with its log kept.
    backoffLimit: 3,
    // Long enough for a migration of a large database; the old pods serve meanwhile.
    activeDeadlineSeconds: 1800,
    template: {
      metadata: {
        labels: labelsOf(facts.identity, Component.Migration),
        annotations: { "mlflow-instances/mlflow-version": facts.mlflowVersion },
      },
      spec: {
        restartPolicy: "Never",
        serviceAccountName: objectNames.serviceAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...pullSecrets(facts.imagePullSecrets),
        securityContext: podSecurityContext,
        containers: [
          {
            name: "migrate",
            image: facts.image,
            command: ["mlflow-instance-migrate"],
            env: [
              ...secretEnv(facts.credentialsSecret, {
                MLFLOW_BACKEND_STORE_URI: credentialKeys.backendUri,
              }),
              ...plainEnv({
                MLFLOW_INSTANCE_NAME: facts.identity.instanceName,
                MLFLOW_DISABLE_TELEMETRY: "true",
                ...facts.maintenanceRoles,
              }),
            ],
            ...failureMessage,
            securityContext: containerSecurityContext,
            // One process that imports MLflow's stores takes about 200 MiB.
            resources: { requests: { cpu: "100m", memory: "320Mi" }, limits: { memory: "768Mi" } },
            volumeMounts: mounts.map(({ mount }) => mount),
          },
        ],
        volumes: mounts.map(({ volume }) => volume),
      },
    },
  };
}
