// Read, for refresh and import: the live object, and the inputs that it amounts to.
import { InitializationError, UserError } from "../shared/provider.ts";
import type { ReadRequest, ReadResult } from "../shared/provider.ts";
import { isObject, revealAll } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { isNotFound } from "./apiError.ts";
import { skipsAwait } from "./annotations.ts";
import { readAwaiterOf } from "./await/awaiters.ts";
import { checkReady, NotReady } from "./await/waiting.ts";
import { annotateSecrets, checkpoint, fieldManagerName, initialApiVersion } from "./checkpoint.ts";
import type { Kind } from "./kinds.ts";
import { copy, nameOf, parseId } from "./objects.ts";
import { normalizeInputs } from "./normalize.ts";
import { prune, restoreZeros } from "./prune.ts";
import { redact } from "./redact.ts";
import type { Session } from "./session.ts";

const serverMetadata = [
  "creationTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];
const serverAnnotations = [
  "deployment.kubernetes.io/revision",
  "kubectl.kubernetes.io/last-applied-configuration",
];

/** Inputs for an import: everything that a program could have set. */
function inputsOfImport(live: Properties): Properties {
  const { status: _status, ...inputs } = copy(live);
  const metadata = inputs["metadata"];
  if (isObject(metadata)) {
    for (const key of serverMetadata) delete metadata[key];
    const annotations = metadata["annotations"];
    if (isObject(annotations)) for (const key of serverAnnotations) delete annotations[key];
  }
  return inputs;
}

export async function readObject(
  session: Session,
  kind: Kind,
  request: ReadRequest,
): Promise<ReadResult | undefined> {
  const { id, signal } = request;
  if (session.unreachable !== "") {
    if (session.settings.deleteUnreachable) return undefined;
    if (session.settings.skipUpdateUnreachable)
      return { id, properties: request.properties, inputs: request.inputs };
    throw new UserError(
      `failed to read ${kind.kind} "${id}": configured Kubernetes cluster is unreachable: ${session.unreachable}. If the cluster was deleted, ` +
        `PULUMI_K8S_DELETE_UNREACHABLE=true removes the resource from the state`,
    );
  }
  const { namespace, name } = parseId(id);
  if (name === "")
    throw new UserError(
      `"${id}" is no id of a ${kind.kind}: expected ${kind.namespaced ? "namespace/name" : "name"}`,
    );
  const isImport = Object.keys(request.inputs).length === 0;
  const oldInputs = normalizeInputs(revealAll(request.inputs) as Properties);

  let live: Properties;
  try {
    live = await session.client.get(kind, namespace, name, signal);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const failure = isImport ? undefined : await readiness(session, kind, request, oldInputs, live);

  const inputs = isImport ? inputsOfImport(live) : prune(live, oldInputs);
  if (!isImport) restoreZeros(inputs, oldInputs);
  const manager = fieldManagerName(request.properties, oldInputs);
  const apiVersion = initialApiVersion(request.properties, isImport ? inputs : oldInputs);
  const properties = checkpoint(inputs, live, request.inputs, apiVersion, manager);
  const result = { id, properties, inputs: annotateSecrets(copy(inputs), request.inputs) };
  if (failure)
    throw new InitializationError(
      id,
      properties,
      result.inputs,
      failure.reasons.map((reason) => redact(reason, request.inputs)),
    );
  return result;
}

async function readiness(
  session: Session,
  kind: Kind,
  request: ReadRequest,
  inputs: Properties,
  live: Properties,
): Promise<NotReady | undefined> {
  const awaiter = readAwaiterOf(kind);
  if (!awaiter || skipsAwait(inputs)) return undefined;
  try {
    await checkReady(session.waiting(request), awaiter, live, `${kind.kind} "${nameOf(live)}"`);
    return undefined;
  } catch (error) {
    if (error instanceof NotReady) return error;
    throw error;
  }
}
