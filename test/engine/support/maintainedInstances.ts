import type { Deployed } from "../../../local/commands/up.ts";
import { soon } from "../../support/dates.ts";
import { engineStack, instanceOf, tokenOf, type Engine } from "./engine.ts";
import { InstanceState } from "./instanceState.ts";
import { MaintenanceJobs } from "./maintenanceJob.ts";
import type { Client } from "./python.ts";

/**
 * A sandbox for each job that is tested, as each test moves the clock of all that its instance has;
 * and what its file says besides.
 */
const instances = {
  "claims-triage": "deletedExperimentRetention: 30d",
  "claims-sorting": "",
} as const;

const file = (more: string): string => `
team: claims
owner: claims@example.com
description: Sorts insurance claims
tier: sandbox
${more}
tokens:
  ops: { role: manage, expires: ${soon} }
`;

let engine: Engine | undefined;
let deployed: Promise<Deployed> | undefined;

/** One `up` for all: most of it is waiting. */
async function deployAll(): Promise<Deployed> {
  engine = await engineStack("upkept");
  for (const [name, more] of Object.entries(instances)) await engine.instance(name, file(more));
  return engine.up();
}

/**
 * A new instance whose job a test runs: a client that may delete, its database and bucket, and the
 * job.
 */
export async function maintainedInstance(
  name: keyof typeof instances,
  job: "retention" | "stale-runs",
): Promise<{ client: Client; state: InstanceState; jobs: MaintenanceJobs }> {
  const all = await (deployed ??= deployAll());
  const instance = instanceOf(all, name);
  const { python, platform } = all;
  return {
    client: {
      python,
      trackingUri: instance.trackingUri,
      token: tokenOf(instance, "ops"),
      caPath: platform.caPath,
    },
    state: await InstanceState.open(all, instance),
    jobs: new MaintenanceJobs(all, instance.namespace, job),
  };
}

export async function removeMaintainedInstances(): Promise<void> {
  await engine?.remove();
}
