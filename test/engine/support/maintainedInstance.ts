import { soon } from "./dates.ts";
import { instanceOf, tokenOf, type Engine } from "./engine.ts";
import { InstanceState } from "./instanceState.ts";
import { MaintenanceJobs } from "./maintenanceJob.ts";
import type { Client } from "./python.ts";

/** A new sandbox whose job a test runs: a client that may delete, its database and bucket, and the job. */
export async function maintainedInstance(
  engine: Engine,
  name: string,
  job: "retention" | "stale-runs",
  more = "",
): Promise<{ client: Client; state: InstanceState; jobs: MaintenanceJobs }> {
  await engine.instance(
    name,
    `
team: claims
owner: claims@example.com
description: Sorts insurance claims
tier: sandbox
${more}
tokens:
  ops: { role: manage, expires: ${soon} }
`,
  );
  const deployed = await engine.up();
  const instance = instanceOf(deployed, name);
  const { python, platform } = deployed;
  return {
    client: { python, trackingUri: instance.trackingUri, token: tokenOf(instance, "ops"), caPath: platform.caPath },
    state: await InstanceState.open(deployed, instance),
    jobs: new MaintenanceJobs(deployed, instance.namespace, job),
  };
}
