// Server-side apply remembers who set which field. An object made by a plain create belongs to
// "pulumi-kubernetes"; its first update hands those fields to the resource's own manager, or
// removing a field from the program would never remove it from the object.
import { isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { isConflict } from "./apiError.ts";
import type { Client } from "./client.ts";
import type { Kind } from "./kinds.ts";
import { list, nameOf, namespaceOf, text } from "./objects.ts";

/** Manager of objects that were created and not yet updated. */
export const creator = "pulumi-kubernetes";

const adopted: { prefix: string; operation: string }[] = [
  { prefix: "kubectl", operation: "Apply" },
  { prefix: "kubectl", operation: "Update" },
  { prefix: "before-first-apply", operation: "Update" },
  { prefix: creator, operation: "Update" },
  { prefix: "pulumi-resource-kubernetes", operation: "Update" },
];

function isAdopted(entry: Properties): boolean {
  if (text(entry, "subresource") !== "") return false;
  return adopted.some(
    ({ prefix, operation }) =>
      text(entry, "manager").startsWith(prefix) && entry["operation"] === operation,
  );
}

export function wasOnlyCreated(live: Properties): boolean {
  return list(live, "metadata", "managedFields").some(
    (entry) => text(entry, "manager") === creator && entry["operation"] === "Update",
  );
}

function union(a: Value | undefined, b: Value | undefined): Properties {
  const result: Properties = isObject(a) ? { ...a } : {};
  for (const [key, value] of Object.entries(isObject(b) ? b : {}))
    result[key] = union(result[key], value);
  return result;
}

/** The managed fields after the hand-over, or undefined when there is nothing to hand over. */
function handOver(live: Properties, manager: string): Properties[] | undefined {
  const entries = list(live, "metadata", "managedFields");
  const isOurs = (entry: Properties): boolean =>
    entry["manager"] === manager &&
    entry["operation"] === "Apply" &&
    text(entry, "subresource") === "";
  const taken = entries.filter((entry) => isAdopted(entry) && !isOurs(entry));
  if (taken.length === 0) return undefined;
  const all = [...entries.filter(isOurs), ...taken];
  const merged: Properties = {
    ...all[0]!,
    manager,
    operation: "Apply",
    fieldsV1: all
      .map((entry) => entry["fieldsV1"])
      .reduce<Properties>((sum, fields) => union(sum, fields), {}),
  };
  return [...entries.filter((entry) => !taken.includes(entry) && !isOurs(entry)), merged];
}

async function writeManagedFields(
  client: Client,
  kind: Kind,
  live: Properties,
  entries: Properties[],
  signal: AbortSignal,
): Promise<Properties> {
  const body = [
    { op: "replace", path: "/metadata/managedFields", value: entries },
    // Someone else's update in between makes this fail rather than forget their fields.
    {
      op: "replace",
      path: "/metadata/resourceVersion",
      value: text(live, "metadata", "resourceVersion"),
    },
  ];
  const path = client.path(kind, namespaceOf(live), nameOf(live));
  return await client.json("PATCH", path, {
    body,
    contentType: "application/json-patch+json",
    query: { fieldManager: creator },
    signal,
  });
}

/**
 * Tries before a conflict is an error: a controller writes the status of a busy object several
 * times a second.
 */
const tries = 6;

/**
 * Writes what `change` makes of the managed fields; when somebody wrote the object in between, of
 * those that it has now.
 */
async function changeFields(
  client: Client,
  kind: Kind,
  live: Properties,
  change: (live: Properties) => Properties[] | undefined,
  signal: AbortSignal,
): Promise<Properties> {
  let current = live;
  for (let left = tries; ; left -= 1) {
    const entries = change(current);
    if (entries === undefined) return current;
    try {
      return await writeManagedFields(client, kind, current, entries, signal);
    } catch (error) {
      if (!isConflict(error) || left === 1) throw error;
      current = await client.get(kind, namespaceOf(live), nameOf(live), signal);
    }
  }
}

export const adoptFields = (
  client: Client,
  kind: Kind,
  live: Properties,
  manager: string,
  signal: AbortSignal,
): Promise<Properties> =>
  changeFields(client, kind, live, (object) => handOver(object, manager), signal);

/** Gives up the fields of a manager whose name has changed. */
export const relinquish = (
  client: Client,
  kind: Kind,
  live: Properties,
  manager: string,
  signal: AbortSignal,
): Promise<Properties> => {
  const without = (object: Properties): Properties[] | undefined => {
    const entries = list(object, "metadata", "managedFields");
    const rest = entries.filter((entry) => entry["manager"] !== manager);
    return rest.length === entries.length ? undefined : rest;
  };
  return changeFields(client, kind, live, without, signal);
};
