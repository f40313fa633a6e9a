import type * as pulumi from "@pulumi/pulumi";
import { Job } from "@pulumi/kubernetes/batch/v1/job.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { finalDumpDeadline, finalDumpJob, type FinalDumpFacts } from "./internal/finalDumpJob.ts";
import { Component, labelsOf } from "./internal/labels.ts";
import { logicalName, objectNames } from "./internal/names.ts";
import { childrenOf } from "./internal/options.ts";
import { accountAnnotations } from "./internal/podAccess.ts";

export interface FinalDumpArgs extends FinalDumpFacts {
  namespace: pulumi.Input<string>;
  /** What has to be over before the dump: everything that writes. */
  after: pulumi.Resource[];
}

/** The last dump of the database of an instance that is about to go. */
export class FinalDump {
  /**
   * Resolves when the dump is written. A resource that depends on it is not changed after a failed
   * dump.
   */
  readonly written: pulumi.Output<true>;

  constructor(name: string, args: FinalDumpArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "FinalDump");
    const metadata = {
      namespace: args.namespace,
      labels: labelsOf(args.identity, Component.FinalDump),
    };
    const account = new ServiceAccount(
      logicalName(name, "finalDumpAccount"),
      // The Job never talks to the Kubernetes API.
      {
        metadata: { ...metadata, name: objectNames.finalDump, ...accountAnnotations(args.role) },
        automountServiceAccountToken: false,
      },
      child(),
    );
    const job = new Job(
      logicalName(name, "finalDump"),
      {
        // A dump that failed is tried again by the next `up`; without this the engine would look at
        // the same failed Job for ever.
        metadata: { ...metadata, annotations: { "pulumi.com/replaceUnready": "true" } },
        spec: finalDumpJob(args),
      },
      // A little longer than the Job's own deadline, so that its failure is what the user reads.
      child({
        dependsOn: [account, ...args.after],
        customTimeouts: { create: `${finalDumpDeadline / 60 + 2}m` },
      }),
    );
    this.written = job.id.apply(() => true as const);
  }
}
