import * as pulumi from "@pulumi/pulumi";
import { hasHooks, logicalName } from "@mlflow-instances/components/internal";
import { openApiServer } from "../preflight/apiServer.ts";
import { wordsFor } from "../preflight/check.ts";
import type { Context } from "../preflight/context.ts";
import { Probe } from "../preflight/probes.ts";

// A pod sees a changed Secret when its node's kubelet looks at the pod again, once in 60 to 90 s.
// It looks at once when the pod itself changes, of which an annotation is enough: no restart, and
// no right of the pod's own.

const annotation = "mlflow-instances/tokens-delivered";
const timeoutMs = 10_000;
const suffix = logicalName("", "tokenHashes");

/**
 * Makes the pods of an instance see its tokens as soon as their Secret has changed. Where the
 * cluster can't be asked, the update says so and goes on.
 */
export const delivering =
  (context: Context | undefined): pulumi.ResourceTransformation =>
  ({ type, name, props, opts }) => {
    const isTokens = type === "kubernetes:core/v1:Secret" && name.endsWith(suffix);
    if (context === undefined || !isTokens || !hasHooks()) return undefined;
    const hook = ({ newOutputs }: pulumi.ResourceHookArgs) => deliver(context, newOutputs);
    return { props, opts: { ...opts, hooks: { afterUpdate: [hook] } } };
  };

async function deliver(context: Context, secret: unknown): Promise<void> {
  const { namespace = "", resourceVersion = "" } =
    (secret as { metadata?: { namespace?: string; resourceVersion?: string } }).metadata ?? {};
  const probe = new Probe();
  const timer = setTimeout(() => probe.end(), timeoutMs);
  try {
    await annotate(context, probe, namespace, resourceVersion);
  } catch (error) {
    await pulumi.log.warn(
      `The changed tokens reach the pods in ${namespace} only when their nodes look next, up to 90 s from now: ${wordsFor(error as NodeJS.ErrnoException)}`,
    );
  } finally {
    clearTimeout(timer);
    probe.end();
  }
}

async function annotate(
  context: Context,
  probe: Probe,
  namespace: string,
  version: string,
): Promise<void> {
  const api = await openApiServer(context, probe);
  if (typeof api === "string") throw new Error(api);
  const pods = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const selector = encodeURIComponent("app.kubernetes.io/component=tracking-server");
  const { status, body } = await api.get(`${pods}?labelSelector=${selector}`);
  if (status !== 200) throw new Error(`the API server answers with HTTP status ${status}`);
  const { items = [] } = JSON.parse(body) as { items?: { metadata: { name: string } }[] };
  const change = { metadata: { annotations: { [annotation]: version } } };
  const answers = await Promise.all(
    items.map(({ metadata }) => api.patch(`${pods}/${metadata.name}`, change)),
  );
  // 404: a pod of a rollout that has ended meanwhile.
  const refused = answers.find((answer) => answer.status !== 200 && answer.status !== 404);
  if (refused !== undefined)
    throw new Error(`the API server answers with HTTP status ${refused.status}`);
}
