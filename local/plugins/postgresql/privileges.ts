// Words for privileges: which exist for which kind of object, and when two lists say the same.
import type { CheckFailure } from "../shared/provider.ts";
import type { Properties, Value } from "../shared/values.ts";
import { Unknown, isList } from "../shared/values.ts";
import { text, texts } from "./inputs.ts";

const byType: Record<string, string[]> = {
  database: ["CREATE", "CONNECT", "TEMPORARY"],
  schema: ["CREATE", "USAGE"],
  table: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"],
  sequence: ["USAGE", "SELECT", "UPDATE"],
  function: ["EXECUTE"],
  procedure: ["EXECUTE"],
  routine: ["EXECUTE"],
  type: ["USAGE"],
};

const normal = (privilege: string): string =>
  privilege.toUpperCase() === "TEMP" ? "TEMPORARY" : privilege.toUpperCase();

/** Statements can't take a privilege as a parameter: only known words get in. */
export function privilegeFailures(inputs: Properties): CheckFailure[] {
  const type = inputs["objectType"];
  const given = inputs["privileges"];
  if (typeof type !== "string" || !isList(given)) return [];
  const known = byType[type];
  if (!known)
    return [
      {
        property: "objectType",
        reason: `"${type}" is not supported by the stand-in plugin; one of ${Object.keys(byType).join(", ")}`,
      },
    ];
  return given.flatMap((item, index): CheckFailure[] => {
    if (
      item instanceof Unknown ||
      typeof item !== "string" ||
      item.toUpperCase() === "ALL" ||
      known.includes(normal(item))
    )
      return [];
    return [
      {
        property: `privileges[${index}]`,
        reason: `"${item}" is no privilege of a ${type}; one of ALL, ${known.join(", ")}`,
      },
    ];
  });
}

export function privilegeList(inputs: Properties): string {
  return texts(inputs, "privileges").map(normal).join(", ");
}

/** What was found, in the words of the state where they mean the same (`ALL`, `TEMP`). */
export function inKnownWords(inputs: Properties, found: string[]): Value {
  const known = texts(inputs, "privileges");
  const all = byType[text(inputs, "objectType")] ?? [];
  const wanted = new Set(
    known.some((item) => item.toUpperCase() === "ALL")
      ? all.filter((item) => item !== "MAINTAIN" || found.includes(item))
      : known.map(normal),
  );
  const same = wanted.size === found.length && found.every((item) => wanted.has(item));
  if (same) return known.length === 0 ? null : known;
  return found.length === 0 ? null : [...found].sort();
}
