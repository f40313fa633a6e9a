// What a change of inputs means for the object: nothing, an update in place, or a replacement.
import type { DiffResult, PropertyDiff } from "../shared/provider.ts";
import { revealAll } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { isAutonamed } from "./annotations.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { detailedDiff } from "./detailedDiff.ts";
import type { Kind } from "./kinds.ts";
import { isNamed } from "./names.ts";
import { metadataOf, nameOf, namespaceOf } from "./objects.ts";
import { normalizeInputs } from "./normalize.ts";
import { contains, parsePath } from "./propertyPaths.ts";
import { prune, restoreZeros } from "./prune.ts";

export interface DiffOptions {
  secretsMutable: boolean;
  configMapsMutable: boolean;
}

function replacedBy(kind: Kind, inputs: Properties, options: DiffOptions): string[] {
  const mutable =
    (kind.kind === "Secret" && options.secretsMutable) ||
    (kind.kind === "ConfigMap" && options.configMapsMutable);
  const own =
    mutable && inputs["immutable"] !== true
      ? kind.replacedBy.filter((field) => field === "type")
      : kind.replacedBy;
  return ["metadata.name", "metadata.namespace", ...own];
}

function setNamespace(object: Properties, kind: Kind): void {
  const metadata = metadataOf(object);
  if (!metadata) return;
  if (!kind.namespaced) delete metadata["namespace"];
  else metadata["namespace"] ??= "default";
}

export function diffObject(
  kind: Kind,
  state: Properties,
  news: Properties,
  ignoreChanges: string[],
  options: DiffOptions,
): DiffResult {
  const { inputs, live } = parseCheckpoint(state);
  const oldInputs = normalizeInputs(inputs);
  const newInputs = normalizeInputs(revealAll(news) as Properties);
  // Live values go through the same forms as inputs, in case that an older API server keeps what a
  // newer one rewrites.
  const old = prune(normalizeInputs(live), oldInputs);
  restoreZeros(old, oldInputs);
  setNamespace(old, kind);
  setNamespace(newInputs, kind);
  // A program may name in so many words the name that was automatic before.
  if (nameOf(newInputs) !== "") metadataOf(old)!["name"] = nameOf(live);

  const differences = detailedDiff(old, newInputs, replacedBy(kind, newInputs, options));
  const ignored = ignoreChanges.map(parsePath);
  const kept: Record<string, PropertyDiff> = Object.fromEntries(
    Object.entries(differences).filter(
      ([path]) => !ignored.some((outer) => contains(outer, parsePath(path))),
    ),
  );
  const replaces = Object.entries(kept)
    .filter(
      ([path, { kind: change }]) =>
        change.endsWith("-replace") || (path === "metadata" && change === "delete"),
    )
    .map(([path]) => path)
    .sort();
  return {
    changes: Object.keys(kept).length > 0,
    replaces,
    detailedDiff: kept,
    // Two objects can't have one name at a time; one with an automatic name just takes another.
    deleteBeforeReplace:
      replaces.length > 0 &&
      isNamed(newInputs) &&
      !isAutonamed(newInputs) &&
      nameOf(newInputs) === nameOf(live) &&
      namespaceOf(newInputs) === namespaceOf(live),
  };
}
