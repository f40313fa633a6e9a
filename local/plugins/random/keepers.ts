// What the random resources share: they live in the state only, and every change makes a new value.
import type { BridgedResource, PropertySpec } from "../shared/bridged/schema.ts";
import type { Properties, Value } from "../shared/values.ts";

export const keepers: PropertySpec = { type: "map", replaces: true };

/** Nothing outside the state to look at or to remove. */
export const stateOnly: Pick<BridgedResource, "delete" | "framework"> = {
  framework: "plugin-framework",
  delete: async () => undefined,
};

export function isImport(state: Properties): boolean {
  return Object.keys(state).length === 0;
}

export function atLeast(minimum: number): (value: Value) => string | undefined {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= minimum
      ? undefined
      : `must be a whole number of at least ${minimum}`;
}
