// The state of a resource: the live object, plus what the provider itself needs later, under keys
// that begin with two underscores.
import { hasSecret, isObject, revealAll, Secret } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { namedFieldManager } from "./annotations.ts";
import { uniqueName } from "./names.ts";
import { copy, text } from "./objects.ts";

const ownKeys = ["__inputs", "__initialApiVersion", "__fieldManager"];

function conceal(value: Value): Value {
  return value instanceof Secret ? value : new Secret(value);
}

/**
 * Marks in `target` what is secret in `inputs`. Objects are entered, so that one secret value
 * doesn't hide the whole; a list with a secret in it becomes secret altogether, since its order may
 * have changed. The data of a Secret is always secret, whatever the program said.
 */
export function annotateSecrets(target: Properties, inputs: Properties): Properties {
  if (target["kind"] === "Secret") {
    for (const key of ["data", "stringData"])
      if (target[key] !== undefined) target[key] = conceal(target[key]);
    return target;
  }
  for (const [key, given] of Object.entries(inputs)) {
    const value = target[key];
    if (value === undefined) continue;
    if (isObject(value) && isObject(given)) annotateSecrets(value, given);
    else if (hasSecret(given)) target[key] = conceal(value);
  }
  return target;
}

/**
 * Plain inputs and plain live object into what goes to the state. `secretsOf` tells what of it is
 * secret.
 */
export function checkpoint(
  inputs: Properties,
  live: Properties,
  secretsOf: Properties,
  apiVersion: string,
  fieldManager: string,
): Properties {
  return {
    ...annotateSecrets(copy(live), secretsOf),
    __inputs: annotateSecrets(copy(inputs), secretsOf),
    __initialApiVersion: apiVersion,
    __fieldManager: fieldManager,
  };
}

/** The state taken apart again, without secret envelopes. */
export function parseCheckpoint(state: Properties): { inputs: Properties; live: Properties } {
  const plain = revealAll(state) as Properties;
  const inputs = isObject(plain["__inputs"]) ? plain["__inputs"] : {};
  return {
    inputs,
    live: Object.fromEntries(Object.entries(plain).filter(([key]) => !ownKeys.includes(key))),
  };
}

export function fieldManagerName(state: Properties, inputs: Properties): string {
  const named = namedFieldManager(inputs);
  if (named !== "") return named;
  const known = state["__fieldManager"];
  return typeof known === "string" ? known : uniqueName(new Uint8Array(), "pulumi-kubernetes-");
}

export function initialApiVersion(state: Properties, inputs: Properties): string {
  return text(state, "__initialApiVersion") || text(inputs, "apiVersion");
}
