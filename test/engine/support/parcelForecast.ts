import type { Deployed } from "../../../local/commands/up.ts";
import { soon } from "../../support/dates.ts";
import { engineStack, type Engine } from "./engine.ts";

// The instance on which the project's commands are tried, one kind after the other.

export const stack = "operations";
export const name = "parcel-forecast";
export const file = `
team: parcels
owner: parcels@example.com
description: Forecast of parcels per depot
tier: sandbox
deletedExperimentRetention: 30d
tokens:
  ci: { role: manage, expires: ${soon} }
  training: { role: edit, expires: ${soon} }
  serving: { role: read, expires: ${soon} }
`;

let engine: Engine | undefined;
let opened: Promise<{ engine: Engine; deployed: Deployed }> | undefined;

async function open(): Promise<{ engine: Engine; deployed: Deployed }> {
  engine = await engineStack(stack);
  await engine.instance(name, file);
  return { engine, deployed: await engine.up() };
}

/** Deployed once for all tests of a file. */
export const parcelForecast = (): Promise<{ engine: Engine; deployed: Deployed }> =>
  (opened ??= open());

export async function removeParcelForecast(): Promise<void> {
  await engine?.remove();
}
