// Writing objects: create, and server-side apply, each also as a dry run.
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceLog } from "../shared/provider.ts";
import type { Properties } from "../shared/values.ts";
import { ApiError, isConflict, isNamespaceNotFound } from "./apiError.ts";
import { forcesPatch } from "./annotations.ts";
import type { Client } from "./client.ts";
import type { Settings } from "./config.ts";
import { creator, wasOnlyCreated } from "./fieldManagers.ts";
import type { Kind } from "./kinds.ts";
import { uniqueName } from "./names.ts";
import { metadataOf, nameOf, namespaceOf } from "./objects.ts";

export interface Write {
  client: Client;
  settings: Settings;
  kind: Kind;
  object: Properties;
  fieldManager: string;
  preview: boolean;
  log: ResourceLog;
  signal: AbortSignal;
}

const namespacePauses = [250, 500, 1000, 2000, 4000];

function query(
  write: Write,
  fieldManager: string,
  force?: boolean,
): Record<string, string | undefined> {
  return {
    fieldManager,
    fieldValidation: "Warn",
    dryRun: write.preview ? "All" : undefined,
    force: force === undefined ? undefined : String(force),
  };
}

function mayForce(write: Write, live?: Properties): boolean {
  if (forcesPatch(write.object) || write.settings.patchForce) return true;
  // In a dry run the fields were not handed over, and a replaced object is still there: both would
  // conflict for no reason.
  return write.preview && (!live || wasOnlyCreated(live));
}

const about = (write: Write): ((warning: string) => void) => {
  // Only what the program can mend; a deprecation or a policy warning of the server is shown by the
  // update, once.
  return (warning) => {
    if (/unknown field|duplicate field/.test(warning)) write.log.warn(warning);
    else if (!write.preview) write.log.warn(warning);
  };
};

/** Server-side apply over `live`, or over nothing. */
export async function apply(write: Write, live?: Properties): Promise<Properties> {
  const { client, kind, object, fieldManager, signal } = write;
  const path = client.path(kind, namespaceOf(object), nameOf(object));
  try {
    return await client.json("PATCH", path, {
      body: object,
      contentType: "application/apply-patch+yaml",
      query: query(write, fieldManager, mayForce(write, live)),
      onWarning: about(write),
      signal,
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new ApiError(
      409,
      "Conflict",
      `another field manager has set some of these fields to other values: ${(error as Error).message}. ` +
        `The annotation pulumi.com/patchForce: "true" on the resource takes them over`,
    );
  }
}

/**
 * In the preview of a replacement the old object is still there, and immutable fields refuse to
 * become what the new object will have; under another name the dry run shows what it will be.
 */
async function previewUpsert(write: Write): Promise<Properties> {
  try {
    return await apply(write);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 422 || !error.message.includes("immutable"))
      throw error;
    const renamed = (object: Properties, name: string): Properties => ({
      ...object,
      metadata: { ...metadataOf(object)!, name },
    });
    const shown = await apply({
      ...write,
      object: renamed(write.object, uniqueName(new Uint8Array(), `${nameOf(write.object)}-`)),
    });
    return renamed(shown, nameOf(write.object));
  }
}

/** Creates the object, waiting a moment for its namespace if that is just being made. */
export async function create(write: Write): Promise<Properties> {
  const { client, kind, object, signal } = write;
  const path = client.path(kind, namespaceOf(object));
  for (let attempt = 0; ; attempt++) {
    try {
      if (write.settings.upsert) return await (write.preview ? previewUpsert(write) : apply(write));
      return await client.json("POST", path, {
        body: object,
        query: query(write, creator),
        onWarning: about(write),
        signal,
      });
    } catch (error) {
      const pause = namespacePauses[attempt];
      if (write.preview || pause === undefined || !isNamespaceNotFound(error)) throw error;
      write.log.status(`waiting for namespace ${namespaceOf(object)}`);
      await sleep(pause, undefined, { signal });
    }
  }
}
