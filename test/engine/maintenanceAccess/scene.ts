import { afterAll, beforeAll } from "vitest";
import type { Deployed } from "../../../local/commands/up.ts";
import type { InstanceOutput } from "../../../local/stack/outputs.ts";
import { engineStack, instanceOf, type Engine } from "../support/engine.ts";
import { maintenance, type MaintenanceJob } from "../support/maintenance.ts";

// The two instances of ../maintenanceAccess.test.ts.

const file = (team: string, more = ""): string => `
team: ${team}
owner: ${team}@example.com
description: Something of team ${team}
tier: sandbox
${more}
`;
export const own = "card-checks";
export const other = "route-planner";
export const jobs: MaintenanceJob[] = ["retention", "stale-runs"];

export let engine: Engine;
export let deployed: Deployed;
export let instance: InstanceOutput;
export const jobsOf = (name: string) => maintenance(deployed, instanceOf(deployed, name).namespace);

export function setScene(): void {
  beforeAll(async () => {
    engine = await engineStack("upkeep");
    await engine.instance(
      own,
      file(
        "payments",
        'staleRuns: { after: 2d }\nmaintenance: { timeZone: Europe/Berlin, staleRunsSchedule: "@yearly" }',
      ),
    );
    await engine.instance(other, file("logistics"));
    deployed = await engine.up();
    instance = instanceOf(deployed, own);
  });

  afterAll(() => engine.remove());
}
