// Automatic names: `<logical name>-<8 hex digits>`, marked by an annotation so that a replacement
// may take a new one.
import { createHash, randomBytes } from "node:crypto";
import type { CheckRequest } from "../shared/provider.ts";
import { UserError } from "../shared/provider.ts";
import { isObject, Unknown } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { autonamed, isAutonamed } from "./annotations.ts";
import { metadataOf, nameOf } from "./objects.ts";

/**
 * `prefix` and 8 hex digits, the same ones for the same seed, so that what a preview shows is what
 * the update makes.
 */
export function uniqueName(seed: Uint8Array, prefix: string): string {
  const bytes =
    seed.length === 0 ? randomBytes(32) : createHash("sha256").update(seed).update(prefix).digest();
  return prefix + bytes.toString("hex").slice(0, 8);
}

/** A name that is given, even if a preview doesn't know it yet. */
export function isNamed(object: Properties): boolean {
  const metadata = metadataOf(object);
  return metadata === undefined || metadata["name"] instanceof Unknown || nameOf(object) !== "";
}

function setAutomaticName(object: Properties, name: string): void {
  const metadata = metadataOf(object)!;
  metadata["name"] = name;
  metadata["annotations"] ??= {};
  // Annotations that are not known yet can't take one more; the update, which knows them, adds it.
  if (isObject(metadata["annotations"])) metadata["annotations"][autonamed] = "true";
}

export function assignName(
  object: Properties,
  request: Pick<CheckRequest, "name" | "randomSeed" | "autonaming">,
): void {
  if (isNamed(object)) return;
  const { autonaming } = request;
  if (autonaming?.mode === "disable") {
    throw new UserError(
      `${request.name}: automatic names are disabled in this project (pulumi:autonaming), so metadata.name must be set`,
    );
  }
  const proposed = autonaming?.proposedName ?? "";
  setAutomaticName(
    object,
    proposed === "" ? uniqueName(request.randomSeed, `${request.name}-`) : proposed,
  );
}

/** Keeps the automatic name of an existing object. */
export function adoptName(object: Properties, old: Properties): void {
  if (!isNamed(object) && isAutonamed(old)) setAutomaticName(object, nameOf(old));
}
