// Create: write the object, wait until it is ready, and keep it in the state even if it never
// becomes so.
import { InitializationError } from "../shared/provider.ts";
import type { CreateRequest } from "../shared/provider.ts";
import { hasUnknown, revealAll } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { alreadyExists, ApiError, isNamespaceNotFound } from "./apiError.ts";
import { skipsAwait, timeoutSeconds } from "./annotations.ts";
import { create } from "./apply.ts";
import { awaiterOf } from "./await/awaiters.ts";
import { NotReady, waitUntilReady } from "./await/waiting.ts";
import type { Waiting } from "./await/waiting.ts";
import { checkpoint, fieldManagerName } from "./checkpoint.ts";
import type { Kind } from "./kinds.ts";
import { idOf, nameOf, namespaceOf } from "./objects.ts";
import { redact } from "./redact.ts";
import type { Session } from "./session.ts";

export async function describeFailure<T>(
  what: string,
  secretsOf: Properties,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(
      `${what}: ${redact(error instanceof Error ? error.message : String(error), secretsOf)}`,
    );
  }
}

/** Waits for readiness unless the object says not to; gives the reasons when it doesn't come. */
export async function awaitReady(
  waiting: Waiting,
  kind: Kind,
  inputs: Properties,
  live: Properties,
  timeout: number,
): Promise<NotReady | undefined> {
  const awaiter = awaiterOf(kind);
  if (!awaiter || skipsAwait(inputs)) return undefined;
  try {
    await waitUntilReady(
      waiting,
      awaiter,
      live,
      `${kind.kind} "${nameOf(live)}"`,
      timeoutSeconds(timeout, inputs, awaiter.timeout),
    );
    return undefined;
  } catch (error) {
    if (error instanceof NotReady) return error;
    throw error;
  }
}

/**
 * The object as it is now, or as it was last seen: an error here must not lose an object that
 * exists.
 */
export async function latest(waiting: Waiting, kind: Kind, seen: Properties): Promise<Properties> {
  return await waiting.client
    .get(kind, namespaceOf(seen), nameOf(seen), AbortSignal.timeout(5000))
    .catch(() => seen);
}

/**
 * Dry runs that can't say anything: the namespace or the old object of a replacement is in the way,
 * or the right to try is missing.
 */
function saysNothing(error: unknown): boolean {
  return (
    isNamespaceNotFound(error) ||
    alreadyExists(error) ||
    (error instanceof ApiError && error.code === 403)
  );
}

export async function createObject(
  session: Session,
  kind: Kind,
  request: CreateRequest,
): Promise<{ id: string; properties: Properties }> {
  const { preview, log, signal } = request;
  if (preview && (hasUnknown(request.inputs) || session.unreachable !== ""))
    return { id: "", properties: request.inputs };
  const inputs = revealAll(request.inputs) as Properties;
  const fieldManager = fieldManagerName({}, inputs);
  const write = {
    client: session.client,
    settings: session.settings,
    kind,
    object: inputs,
    fieldManager,
    preview,
    log,
    signal,
  };
  const live = await describeFailure(
    `${kind.kind} "${idOf(inputs)}" was not created by the API server`,
    request.inputs,
    async () => {
      try {
        return await create(write);
      } catch (error) {
        if (preview && saysNothing(error)) return undefined;
        if (!alreadyExists(error)) throw error;
        const way =
          "Import it (pulumi import), delete it, or let the provider take over what exists (upsertExistingObjects)";
        throw new Error(`${(error as Error).message}. ${way}`);
      }
    },
  );
  if (!live) return { id: "", properties: request.inputs };
  const state = (object: Properties): Properties =>
    checkpoint(inputs, object, request.inputs, kind.apiVersion, fieldManager);
  if (preview) {
    const { status: _notYet, ...rest } = live;
    return { id: "", properties: state(rest) };
  }
  const waiting = session.waiting(request);
  const failure = await awaitReady(waiting, kind, inputs, live, request.timeout);
  const properties = state(await latest(waiting, kind, live));
  if (!failure) return { id: idOf(live), properties };
  throw new InitializationError(
    idOf(live),
    properties,
    request.inputs,
    failure.reasons.map((reason) => redact(reason, request.inputs)),
  );
}
