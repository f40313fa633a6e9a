import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { Component, labelsOf, type Identity } from "./labels.ts";
import { objectNames } from "./names.ts";
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

export interface FinalDumpFacts {
  identity: Identity;
  mlflowVersion: string;
  image: Input<string>;
  /** Secrets by which nodes pull the image. */
  imagePullSecrets: readonly Input<string>[];
  /**
   * Secret of the tracking server: the database's owner sees every table, the bucket's user may
   * write.
   */
  credentialsSecret: Input<string>;
  caConfigMap: Input<string> | undefined;
  /** Role of AWS that the pod takes on; without one its key pair is in the secret. */
  role: PodRole | undefined;
  /** Settings that are no secrets. */
  environment: Record<string, Input<string>>;
}

/** Seconds after which the Job is given up; compressed, a table of 100 GB takes about an hour. */
export const finalDumpDeadline = 4 * 3600;

const container = "final-dump";

/**
 * Exit codes that a second try won't change: wrong settings, and a client that stays connected
 * to the database.
 */
const finalExitCodes = [2, 3];

/**
 * The Job that writes everything the database holds beside the artifacts, before the instance may
 * go.
 */
export function finalDumpJob(facts: FinalDumpFacts): input.batch.v1.JobSpec {
  const access = podAccess(facts.credentialsSecret, facts.role);
  const mounts = [
    temporaryVolume("64Mi"),
    ...(facts.caConfigMap === undefined ? [] : [caVolume(facts.caConfigMap)]),
    ...access.parts,
  ];
  return {
    // A dump that was cut off is no dump: the next try begins anew, in a folder of its own.
    backoffLimit: 3,
    activeDeadlineSeconds: finalDumpDeadline,
    podFailurePolicy: {
      rules: [
        // A drained node says nothing about the dump.
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        {
          action: "FailJob",
          onExitCodes: { containerName: container, operator: "In", values: finalExitCodes },
        },
      ],
    },
    template: {
      metadata: {
        labels: labelsOf(facts.identity, Component.FinalDump),
        annotations: { "mlflow-instances/mlflow-version": facts.mlflowVersion },
      },
      spec: {
        restartPolicy: "Never",
        serviceAccountName: objectNames.finalDump,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...pullSecrets(facts.imagePullSecrets),
        securityContext: podSecurityContext,
        containers: [
          {
            name: container,
            image: facts.image,
            command: ["mlflow-instance-final-dump"],
            env: [
              ...secretEnv(facts.credentialsSecret, {
                MLFLOW_BACKEND_STORE_URI: credentialKeys.backendUri,
              }),
              ...access.env,
              ...plainEnv(facts.environment),
            ],
            ...failureMessage,
            securityContext: containerSecurityContext,
            // Measured: 118 MiB at most. Rows are compressed as they come and sent in parts of 16
            // MiB: the size of the database adds nothing.
            resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "320Mi" } },
            volumeMounts: mounts.map(({ mount }) => mount),
          },
        ],
        volumes: mounts.map(({ volume }) => volume),
      },
    },
  };
}
