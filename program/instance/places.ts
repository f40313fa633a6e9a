import type { NamedArgs, ResolvedInstance } from "@mlflow-instances/components/internal";
import { instanceFileSchema, type InstanceFile } from "./file.ts";
import type { Problem } from "../values/problems.ts";
import { inParts, valueAt } from "../values/propertyPath.ts";
import { withValue } from "../values/wrongValue.ts";

type Path = Problem["path"];

/**
 * Where the component's arguments stand in an instance file, where that isn't the same path. An
 * empty place is the file's name.
 */
const places: readonly { argument: string; place: string }[] = [
  { argument: "instanceName", place: "" },
  { argument: "bucket.name", place: "" },
  { argument: "database.name", place: "" },
  { argument: "resources.cpuRequest", place: "cpu" },
  { argument: "resources.memoryRequest", place: "memory.request" },
  { argument: "resources.memoryLimit", place: "memory.limit" },
  { argument: "database.connectionLimit", place: "databaseConnections" },
  { argument: "auditRetention", place: "audit.retention" },
  { argument: "prepareDeletion", place: "delete" },
];

/** The place in the file of one of the component's arguments; undefined: it comes from elsewhere. */
function placeOf(
  argument: string,
  args: Pick<NamedArgs, "tokens" | "workloads">,
): Path | undefined {
  const renamed = places.find((each) => each.argument === argument);
  if (renamed !== undefined) return inParts(renamed.place);
  const path = inParts(argument);
  if (!(path[0]! in instanceFileSchema.shape)) return undefined;
  const [list, index, ...rest] = path;
  if ((list !== "tokens" && list !== "workloads") || typeof index !== "number") return path;
  return [list, args[list]?.[index]?.name ?? index, ...rest];
}

// A reason may name another argument; here it has the name that the reader knows.
const inWordsOfTheFiles = (reason: string): string =>
  places
    .filter(({ place }) => place !== "")
    .reduce((text, { argument, place }) => text.replaceAll(argument, place), reason);

/**
 * A problem that the component has with the arguments of a file, as one of the file, or else of the
 * environment that the file stands in.
 */
export function placed(
  problem: { readonly propertyPath: string; readonly reason: string },
  args: NamedArgs,
  platform: object,
): { readonly of: "file" | "platform"; readonly problem: Problem } {
  const { propertyPath, reason } = problem;
  const path = placeOf(propertyPath, args);
  if (path === undefined) {
    const [root, ...parts] = inParts(propertyPath);
    // As far as the environment says it under the component's path.
    const missing = parts.findIndex(
      (_, at) => valueAt(platform, parts.slice(0, at + 1)) === undefined,
    );
    const said = missing === -1 ? parts : parts.slice(0, missing);
    const isSaid = root === "platform" && said.length === parts.length;
    const subject = isSaid ? "" : `${propertyPath} `;
    const found = isSaid ? valueAt(platform, said) : undefined;
    return {
      of: "platform",
      problem: {
        path: ["platform", ...said],
        message: `gives an instance what it can't take: ${subject}${withValue(found, reason)}`,
      },
    };
  }
  // Said of the file as a whole, it has to name what it is about.
  const subject = path.length === 0 ? `${propertyPath} ` : "";
  const value = valueAt(args, inParts(propertyPath));
  const message = `${subject}${withValue(value, inWordsOfTheFiles(reason))}`;
  return { of: "file", problem: { path, message } };
}

/**
 * What a file decides of an instance, in the file's own words: the value of each of its keys with
 * the defaults filled in.
 */
export function inTermsOfTheFile(instance: ResolvedInstance): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(instanceFileSchema.shape) as (keyof InstanceFile)[]) {
    const renamed = places.filter(({ place }) => place === key || place.startsWith(`${key}.`));
    if (renamed.length === 0) values[key] = valueAt(instance, [key]);
    for (const { argument, place } of renamed) {
      const value = valueAt(instance, inParts(argument));
      const [, inner] = inParts(place);
      if (inner === undefined) values[key] = value;
      else values[key] = { ...(values[key] as object | undefined), [inner]: value };
    }
  }
  return values;
}
