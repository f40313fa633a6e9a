// The state and the previews that the official plugins gave for one program, see
// test/fixtures/recorded.
import { readFileSync } from "node:fs";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties, Value } from "../../../../local/plugins/shared/values.ts";

const folder = new URL("../../../fixtures/recorded/", import.meta.url);

export interface RecordedResource {
  urn: string;
  id: string;
  type: string;
  inputs: Properties;
  outputs: Properties;
  additionalSecretOutputs?: string[];
}

export interface RecordedStep {
  op: string;
  urn: string;
  oldState: RecordedResource;
  newState: RecordedResource;
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }> | null;
  diffReasons?: string[];
  replaceReasons?: string[];
}

function json(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}

/**
 * Ciphertexts and "[secret]" as secrets; their content is of a throw-away passphrase and doesn't
 * matter.
 */
function decode(value: unknown, secret: Value): Value {
  if (value === "[secret]") return new Secret(secret);
  if (Array.isArray(value)) return value.map((item) => decode(item, secret));
  if (value === null || typeof value !== "object") return value as Value;
  const entries = Object.entries(value);
  if (entries.some(([key]) => key === "ciphertext")) return new Secret(secret);
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item, secret)]));
}

function resource(raw: RecordedResource, secret: Value): RecordedResource {
  return {
    ...raw,
    inputs: decode(raw.inputs ?? {}, secret) as Properties,
    outputs: decode(raw.outputs ?? {}, secret) as Properties,
  };
}

/** Resources of the recorded state whose type starts with `prefix`; secrets hold `secret`. */
export function recordedState(
  prefix: string,
  secret: Value = "recorded-secret",
): RecordedResource[] {
  const state = json("state.json") as { deployment: { resources: RecordedResource[] } };
  return state.deployment.resources
    .filter((item) => item.type.startsWith(prefix))
    .map((item) => resource(item, secret));
}

/** Steps of a recorded preview; old secrets hold `oldSecret`, new ones `newSecret`. */
export function recordedSteps(
  variant: string,
  prefix: string,
  oldSecret: Value = "old",
  newSecret: Value = "old",
): RecordedStep[] {
  const preview = json(`preview-${variant}.json`) as { steps?: RecordedStep[] };
  return (preview.steps ?? [])
    .filter((step) => step.oldState.type.startsWith(prefix))
    .map((step) => ({
      ...step,
      oldState: resource(step.oldState, oldSecret),
      newState: resource(step.newState, newSecret),
    }));
}

/** Names of the outputs that are secret, `additionalSecretOutputs` left to the engine. */
export function secretNames(properties: Properties): string[] {
  return Object.entries(properties)
    .filter(([, value]) => value instanceof Secret)
    .map(([key]) => key)
    .sort();
}
