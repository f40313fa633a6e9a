// Delete, and wait until the object and what hangs on it are gone.
import { UserError } from "../shared/provider.ts";
import type { DeleteRequest } from "../shared/provider.ts";
import { isList } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { isNotFound } from "./apiError.ts";
import { deletionPropagation, skipsAwait, timeoutSeconds } from "./annotations.ts";
import { isTimeout, untilSome } from "./await/waiting.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import type { Kind } from "./kinds.ts";
import { at, list, parseId, text } from "./objects.ts";
import type { Session } from "./session.ts";

// The official provider heeds skipAwait in a delete for these alone.
const mayBeLeft = new Set(["Namespace", "Deployment", "Job"]);

/** What keeps an object from going away. */
function obstacles(live: Properties): string {
  const conditions = list(live, "status", "conditions").filter(
    (c) => text(c, "type").startsWith("Namespace") && c["status"] === "True",
  );
  const finalizers = at(live, "metadata", "finalizers");
  const parts = conditions.map((c) => text(c, "message"));
  if (isList(finalizers) && finalizers.length > 0)
    parts.push(`finalizers: ${finalizers.filter((name) => typeof name === "string").join(", ")}`);
  return parts.join("; ");
}

export async function deleteObject(
  session: Session,
  kind: Kind,
  request: DeleteRequest,
): Promise<void> {
  if (session.unreachable !== "") {
    if (session.settings.deleteUnreachable)
      return request.log.info(
        "the cluster is unreachable; removed from the state only (deleteUnreachable)",
      );
    throw new UserError(
      `configured Kubernetes cluster is unreachable: ${session.unreachable}. If the cluster was deleted, PULUMI_K8S_DELETE_UNREACHABLE=true ` +
        `removes the resource from the state`,
    );
  }
  const { client } = session;
  const { signal } = request;
  const { namespace, name } = parseId(request.id);
  const { inputs } = parseCheckpoint(request.properties);
  let deleted: Properties;
  try {
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: deletionPropagation(inputs),
    };
    deleted = await client.json("DELETE", client.path(kind, namespace, name), { body, signal });
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (skipsAwait(inputs) && mayBeLeft.has(kind.kind)) return;

  const uid = text(deleted, "metadata", "uid") || text(deleted, "details", "uid");
  const seconds = timeoutSeconds(request.timeout, inputs, kind.kind === "Deployment" ? 600 : 300);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const started = Date.now();
  let last: Properties = {};
  const watched = [{ kind, namespace, query: { fieldSelector: `metadata.name=${name}` } }];
  const gone = await untilSome(client, watched, deadline, async () => {
    try {
      last = await client.get(kind, namespace, name);
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
    // Someone made a new object of that name.
    if (uid !== "" && text(last, "metadata", "uid") !== uid) return true;
    if (Date.now() - started > 1000)
      request.log.status(
        `waiting until it is gone${obstacles(last) === "" ? "" : ` (${obstacles(last)})`}`,
      );
    return undefined;
  });
  if (gone) return request.log.status("");
  const cancelled = signal.aborted && !isTimeout(signal);
  const still = obstacles(last) === "" ? "" : ` (${obstacles(last)})`;
  throw new UserError(
    `${kind.kind} "${request.id}" is being deleted but still there ${cancelled ? "at the cancel" : `after ${seconds} s`}${still}`,
  );
}
