// What goes into the state, and which inputs follow from it.
import {
  asText,
  Secret,
  hasSecret,
  hasUnknown,
  isObject,
  reveal,
  revealAll,
  unknown,
  isList,
} from "../values.ts";
import type { Properties, Value } from "../values.ts";
import { equivalent, isZero, withoutDefaults } from "./compare.ts";
import type { BridgedResource, PropertySpec } from "./schema.ts";

/** Inputs for a request: defaults filled in, secrets revealed, the list of defaults gone. */
export function requestInputs(resource: BridgedResource, inputs: Properties): Properties {
  const plain = revealAll(withoutDefaults(inputs)) as Properties;
  for (const [key, spec] of Object.entries(resource.properties)) {
    if (plain[key] === undefined && spec.default !== undefined && !spec.output)
      plain[key] = spec.default;
  }
  return stripLists(plain) as Properties;
}

/** `__defaults` stands in every nested object too. */
function stripLists(value: Value): Value {
  if (isList(value)) return value.map(stripLists);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(withoutDefaults(value)).map(([key, v]) => [key, stripLists(v)]),
  );
}

/**
 * The state as the official plugin writes it: every property, secrets wrapped, `__meta` where there
 * is one.
 */
export function toState(
  resource: BridgedResource,
  id: string,
  state: Properties,
  inputs: Properties,
): Properties {
  const result: Properties = resource.meta === undefined ? {} : { __meta: resource.meta };
  for (const [key, spec] of Object.entries(resource.properties)) {
    const value = state[key];
    if (value === undefined || value === null) {
      // Only the SDK bridge writes what is not set.
      if (resource.framework === "sdk") result[key] = spec.secret ? new Secret(null) : null;
      continue;
    }
    // A secret given for a property that isn't secret by itself must not come back in clear.
    result[key] = wrap(spec.secret === true || hasSecret(inputs[key]), value);
  }
  if (resource.idInState !== false) result["id"] = id;
  return result;
}

function wrap(secret: boolean, value: Value): Value {
  return secret && !(value instanceof Secret) ? new Secret(value) : value;
}

/**
 * What a preview can say of the state: what was given, the defaults, and "unknown" for what the
 * provider fills in.
 */
export function plannedState(
  resource: BridgedResource,
  inputs: Properties,
  old?: Properties,
): Properties {
  const result: Properties = {};
  const known = resource.plan?.(requestInputs(resource, inputs)) ?? {};
  for (const [key, spec] of Object.entries(resource.properties)) {
    const given = known[key] ?? inputs[key] ?? spec.default;
    const value =
      given === undefined || (spec.output && !(key in known))
        ? planned(spec, old?.[key])
        : stripLists(given);
    if (value === undefined) {
      if (resource.framework === "sdk") result[key] = spec.secret ? new Secret(null) : null;
    } else result[key] = wrap(spec.secret === true || hasSecret(given), value);
  }
  if (resource.idInState !== false) result["id"] = old?.["id"] ?? unknown;
  return result;
}

function planned(spec: PropertySpec, old: Value | undefined): Value | undefined {
  if (old !== undefined && old !== null) return old;
  return spec.output || spec.computed ? unknown : undefined;
}

/**
 * Inputs after a read. Refresh: the given ones with their values of now. Import: everything that
 * isn't a default or computed only.
 */
export function inputsFromState(
  resource: BridgedResource,
  state: Properties,
  oldInputs: Properties,
): Properties {
  const isImport = Object.keys(oldInputs).length === 0;
  const inputs: Properties = {};
  const defaults: string[] = [];
  for (const [key, spec] of Object.entries(resource.properties)) {
    if (spec.output) continue;
    const now = state[key];
    const before = oldInputs[key];
    if (isImport) {
      if (isZero(now) || hasUnknown(now)) continue;
      if (resource.framework !== "sdk" && (spec.computed || reveal(now) === spec.default)) continue;
      inputs[key] = listDefaults(resource, now!);
      if (spec.default !== undefined && reveal(now) === spec.default) defaults.push(key);
    } else if (before !== undefined) {
      if (equivalent(spec, now, before)) inputs[key] = before;
      else if (now !== undefined && now !== null)
        inputs[key] = wrap(hasSecret(before), listDefaults(resource, now));
    } else if (!spec.computed && !isZero(now) && spec.default === undefined) {
      // Drift in something that was never given: shown as an input, so that the next preview takes
      // it back.
      inputs[key] = listDefaults(resource, now!);
    }
  }
  if (resource.framework !== "sdk") return inputs;
  const kept = oldInputs["__defaults"];
  const list = isImport
    ? defaults.sort()
    : isList(kept)
      ? kept.filter((key) => inputs[asText(key)] !== undefined)
      : [];
  return { __defaults: list, ...inputs };
}

function listDefaults(resource: BridgedResource, value: Value): Value {
  const visit = (v: Value): Value => {
    if (v instanceof Secret) return new Secret(visit(v.value));
    if (isList(v)) return v.map(visit);
    return isObject(v)
      ? Object.fromEntries(
          Object.entries(v)
            .filter(([, x]) => x !== null)
            .map(([k, x]) => [k, visit(x)]),
        )
      : v;
  };
  return resource.framework === "sdk" ? visit(value) : value;
}
