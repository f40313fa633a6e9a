// Update by server-side apply: the program's fields are sent whole, the server merges, and fields
// that left the program go.
import { InitializationError } from "../shared/provider.ts";
import type { UpdateRequest } from "../shared/provider.ts";
import { hasUnknown, isList, isObject, revealAll } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { ApiError } from "./apiError.ts";
import { apply } from "./apply.ts";
import { checkpoint, fieldManagerName, initialApiVersion, parseCheckpoint } from "./checkpoint.ts";
import { awaitReady, describeFailure, latest } from "./createObject.ts";
import { adoptFields, relinquish } from "./fieldManagers.ts";
import type { Kind } from "./kinds.ts";
import { at, copy, idOf, nameOf, namespaceOf } from "./objects.ts";
import { normalizeInputs } from "./normalize.ts";
import { parsePath } from "./propertyPaths.ts";
import type { Path } from "./propertyPaths.ts";
import { redact } from "./redact.ts";
import type { Session } from "./session.ts";

function set(object: Properties, path: Path, value: Value): void {
  const parent = at(object, ...path.slice(0, -1));
  const last = path.at(-1)!;
  if (isList(parent) && typeof last === "number") parent[last] = value;
  else if (isObject(parent)) parent[last] = value;
}

/** An ignored field is sent as the cluster has it, so that apply neither changes nor drops it. */
function keepIgnored(inputs: Properties, live: Properties, ignoreChanges: string[]): Properties {
  const result = copy(inputs);
  for (const path of ignoreChanges.map(parsePath)) {
    const current = at(live, ...path);
    if (current !== undefined && path.length > 0 && !path.includes("*")) set(result, path, current);
  }
  return result;
}

export async function updateObject(
  session: Session,
  kind: Kind,
  request: UpdateRequest,
): Promise<Properties> {
  const { preview, log, signal } = request;
  if (preview && (hasUnknown(request.news) || session.unreachable !== "")) return request.news;
  const { client, settings } = session;
  const inputs = normalizeInputs(revealAll(request.news) as Properties);
  const old = parseCheckpoint(request.olds);
  const apiVersion = initialApiVersion(request.olds, old.inputs);
  const oldManager = fieldManagerName(request.olds, old.inputs);
  const fieldManager = fieldManagerName(request.olds, inputs);

  const patched = await describeFailure(
    `update of ${kind.kind} "${idOf(inputs)}" failed`,
    request.news,
    async () => {
      try {
        let before = await client.get(kind, namespaceOf(old.live), nameOf(old.live), signal);
        if (!preview) before = await adoptFields(client, kind, before, fieldManager, signal);
        const object = keepIgnored(inputs, before, request.ignoreChanges);
        return await apply(
          { client, settings, kind, object, fieldManager, preview, log, signal },
          before,
        );
      } catch (error) {
        // Whoever may only look still gets a preview, worked out here.
        if (preview && error instanceof ApiError && error.code === 403) return undefined;
        throw error;
      }
    },
  );
  if (!patched) return request.news;
  const state = (object: Properties): Properties =>
    checkpoint(inputs, object, request.news, apiVersion, fieldManager);
  if (preview) return state(patched);

  const waiting = session.waiting(request);
  const failure = await awaitReady(waiting, kind, inputs, patched, request.timeout);
  let live = await latest(waiting, kind, patched);
  if (oldManager !== fieldManager) live = await relinquish(client, kind, live, oldManager, signal);
  if (!failure) return state(live);
  throw new InitializationError(
    request.id,
    state(live),
    request.news,
    failure.reasons.map((reason) => redact(reason, request.news)),
  );
}
