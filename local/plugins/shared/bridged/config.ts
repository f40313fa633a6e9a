// Settings of a bridged provider: the SDK sends every one as text, objects and lists as JSON text.
import { Secret, asText, reveal } from "../values.ts";
import type { Properties, Value } from "../values.ts";
import { UserError } from "../provider.ts";

export class Settings {
  readonly #provider: string;
  readonly #values: Properties;

  constructor(provider: string, values: Properties) {
    this.#provider = provider;
    this.#values = values;
  }

  text(key: string): string | undefined {
    return asText(this.#values[key]) || undefined;
  }

  number(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value))
      throw new UserError(`${this.#provider} provider: ${key} is not a number: ${text}`);
    return value;
  }

  flag(key: string): boolean | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (text !== "true" && text !== "false")
      throw new UserError(`${this.#provider} provider: ${key} must be true or false`);
    return text === "true";
  }

  /** An object or list. */
  json(key: string): Value | undefined {
    const value = reveal(this.#values[key]);
    if (typeof value !== "string")
      return value instanceof Secret ? undefined : (value ?? undefined);
    try {
      return value === "" ? undefined : (JSON.parse(value) as Value);
    } catch {
      throw new UserError(`${this.#provider} provider: ${key} is not JSON`);
    }
  }

  /** Settings that are given but that the stand-in doesn't know. */
  unknownKeys(known: readonly string[]): string[] {
    return Object.keys(this.#values).filter(
      (key) =>
        !known.includes(key) && !["version", "pluginDownloadURL", "__internal"].includes(key),
    );
  }
}
