// Inputs as the program gave them, completed: automatic name, namespace, one form for what means
// the same.
import { UserError } from "../shared/provider.ts";
import type { CheckRequest, CheckResult } from "../shared/provider.ts";
import { isObject, revealAll, Unknown } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { annotation } from "./annotations.ts";
import { annotateSecrets } from "./checkpoint.ts";
import type { Kind } from "./kinds.ts";
import { typeOfKind } from "./kinds.ts";
import { adoptName, assignName } from "./names.ts";
import { normalizeInputs } from "./normalize.ts";
import { metadataOf } from "./objects.ts";
import type { Session } from "./session.ts";

function expect(
  property: string,
  value: Value | undefined,
  wanted: string,
  type: string,
): string[] {
  if (value === undefined || value instanceof Unknown || value === wanted) return [];
  return [`${property} is ${JSON.stringify(value)}, but a ${type} has ${JSON.stringify(wanted)}`];
}

export function checkObject(session: Session, kind: Kind, request: CheckRequest): CheckResult {
  // A preview against a dead cluster would promise what the update can't do.
  if (session.unreachable !== "" && !session.settings.skipUpdateUnreachable) void session.client;
  const news = { apiVersion: kind.apiVersion, kind: kind.kind, ...request.news };
  const inputs = normalizeInputs(revealAll(news) as Properties);
  const olds = normalizeInputs(revealAll(request.olds) as Properties);

  const type = typeOfKind(kind);
  const wrong = [
    ...expect("apiVersion", inputs["apiVersion"], kind.apiVersion, type),
    ...expect("kind", inputs["kind"], kind.kind, type),
  ];
  if (wrong.length > 0) throw new UserError(`${request.name}: ${wrong.join("; ")}`);
  if (isObject(inputs["metadata"]) && inputs["metadata"]["generateName"] !== undefined) {
    throw new UserError(
      `${request.name}: metadata.generateName is not supported with server-side apply; leave the name out for an automatic one`,
    );
  }

  if (annotation(inputs, "pulumi.com/waitFor") !== "") {
    throw new UserError(
      `${request.name}: the annotation pulumi.com/waitFor is only understood by the official plugin, not by this stand-in`,
    );
  }

  if (Object.keys(olds).length > 0) adoptName(inputs, olds);
  else assignName(inputs, request);
  const metadata = metadataOf(inputs);
  if (metadata && kind.namespaced && session.namespace !== "")
    metadata["namespace"] ??= session.namespace;
  return { inputs: annotateSecrets(inputs, news) };
}
