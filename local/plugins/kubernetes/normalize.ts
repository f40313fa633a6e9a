// One form for inputs that mean the same to the API server, as the official provider does it by a
// round trip through its typed objects.
import { hasUnknown, isList, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { copy, text } from "./objects.ts";
import { canonicalQuantity } from "./quantity.ts";

const readOnlyMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

function withoutNulls(value: Value): Value {
  if (isList(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([key, v]) => [key, withoutNulls(v)]),
  );
}

function quantity(value: Value): Value {
  if (typeof value === "string") return canonicalQuantity(value);
  return typeof value === "number" ? canonicalQuantity(String(value)) : value;
}

function quantities(value: Value | undefined): void {
  if (!isObject(value)) return;
  for (const [key, v] of Object.entries(value)) value[key] = quantity(v);
}

function canonicalQuantities(value: Value, kind: string): void {
  if (isList(value)) for (const item of value) canonicalQuantities(item, kind);
  if (!isObject(value)) return;
  for (const [key, v] of Object.entries(value)) {
    if (key === "resources" && isObject(v))
      for (const name of ["limits", "requests"]) quantities(v[name]);
    else if (key === "sizeLimit" || key === "divisor") value[key] = quantity(v);
    else if (kind === "ResourceQuota" && key === "hard") quantities(v);
    else if (
      kind === "LimitRange" &&
      ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"].includes(key)
    )
      quantities(v);
    else canonicalQuantities(v, kind);
  }
}

/** What the API server makes of a Secret: stringData goes base64 into data and wins there. */
function normalizeSecret(object: Properties): void {
  const stringData = object["stringData"];
  if (isObject(stringData) && Object.keys(stringData).length > 0) {
    const data = isObject(object["data"]) ? object["data"] : {};
    for (const [key, value] of Object.entries(stringData))
      data[key] = Buffer.from(
        typeof value === "string" ? value : JSON.stringify(value),
        "utf8",
      ).toString("base64");
    object["data"] = data;
    delete object["stringData"];
  } else if (isObject(object["data"])) {
    for (const [key, value] of Object.entries(object["data"])) {
      // White space and missing padding in base64 don't survive the API server; what is no base64
      // at all is its to refuse.
      if (typeof value === "string" && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) {
        object["data"][key] = Buffer.from(value, "base64").toString("base64");
      }
    }
  }
}

export function normalizeInputs(inputs: Properties): Properties {
  const object = withoutNulls(copy(inputs)) as Properties;
  if (!hasUnknown(object)) {
    delete object["status"];
    if (object["kind"] === "Secret" && object["apiVersion"] === "v1") normalizeSecret(object);
    canonicalQuantities(object, text(object, "kind"));
  }
  if (isObject(object["metadata"]))
    for (const key of readOnlyMetadata) delete object["metadata"][key];
  return object;
}
