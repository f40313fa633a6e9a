// Error texts of an API server and logs of pods may quote what was sent to them.
import { isList, isObject, Secret } from "../shared/values.ts";
import type { Value } from "../shared/values.ts";

function strings(value: Value | undefined, found: string[]): string[] {
  if (value instanceof Secret) return strings(value.value, found);
  if (typeof value === "string") found.push(value);
  else if (isList(value)) for (const item of value) strings(item, found);
  else if (isObject(value)) for (const item of Object.values(value)) strings(item, found);
  return found;
}

function secretStrings(value: Value | undefined, found: string[]): string[] {
  if (value instanceof Secret) strings(value, found);
  else if (isList(value)) for (const item of value) secretStrings(item, found);
  else if (isObject(value)) {
    const isSecretObject = value["kind"] === "Secret";
    for (const [key, item] of Object.entries(value)) {
      if (isSecretObject && (key === "data" || key === "stringData")) strings(item, found);
      else secretStrings(item, found);
    }
  }
  return found;
}

/**
 * `message` without the secrets of `inputs` (as given, in base64, and decoded) and without
 * passwords in URLs.
 */
export function redact(message: string, inputs?: Value): string {
  const secrets = secretStrings(inputs, []).flatMap((secret) => [
    secret,
    Buffer.from(secret, "utf8").toString("base64"),
    Buffer.from(secret, "base64").toString("utf8"),
  ]);
  let result = message;
  // The longest first, so that no tail of one remains; very short ones would blank out ordinary
  // words.
  for (const secret of secrets.filter((s) => s.length >= 4).sort((a, b) => b.length - a.length))
    result = result.replaceAll(secret, "[secret]");
  return result.replaceAll(/(:\/\/[^\s:/@]*):[^\s@]+@/g, "$1:[secret]@");
}
