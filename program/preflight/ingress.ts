import type { ApiServer } from "./apiServer.ts";
import { fault, Reason, type Answer, type Asked } from "./check.ts";
import { checkGateway, type GatewayOfInstances } from "./gateway.ts";

/** The IngressClass or the Gateway of the environment; exactly one is set. */
export interface IngressTarget {
  readonly className?: string | undefined;
  readonly gateway?: GatewayOfInstances | undefined;
  /** Whether the instances have certificates of their own. */
  readonly tls?: object | undefined;
}

const nameOf = ({ className, gateway }: IngressTarget): string =>
  gateway === undefined
    ? `the ingress class ${className ?? ""}`
    : `the Gateway ${gateway.namespace}/${gateway.name}`;

/** The answer where the cluster could not be queried. */
export const unchecked = (target: IngressTarget, why: string): Partial<Answer> => ({
  notes: [`Whether the cluster has ${nameOf(target)} was not checked: ${why}.`],
});

/** Checks that the cluster has the IngressClass or the Gateway of the environment. */
export async function checkIngress(
  api: ApiServer,
  target: IngressTarget,
  about: { readonly server: string; readonly asked: Asked },
): Promise<Partial<Answer>> {
  const { className, gateway, tls } = target;
  const { status, body } = await api.get(
    gateway === undefined
      ? "/apis/networking.k8s.io/v1/ingressclasses"
      : `/apis/gateway.networking.k8s.io/v1/namespaces/${gateway.namespace}/gateways/${gateway.name}`,
  );
  if (status === 401) throw new Reason("it does not accept the login of that context");
  if (status === 403)
    return unchecked(
      target,
      gateway === undefined
        ? "the login may not list ingressclasses.networking.k8s.io"
        : `the login may not get gateways.gateway.networking.k8s.io in ${gateway.namespace}`,
    );
  if (gateway !== undefined)
    return checkGateway(api, gateway, {
      ...about,
      hasOwnListeners: tls !== undefined,
      status,
      body,
    });
  if (status !== 200)
    return unchecked(
      target,
      `asked for its classes, the API server answers with HTTP status ${status}`,
    );
  const { items } = JSON.parse(body) as { items?: { metadata?: { name?: string } }[] };
  const names = (items ?? []).flatMap((item) => item.metadata?.name ?? []).sort();
  if (names.includes(className ?? "")) return {};
  const of = {
    what: `The ingress class "${className ?? ""}"`,
    where: about.server,
    path: "platform.ingress.className",
  };
  return {
    errors: [fault(of, `the cluster has no such class; it has ${names.join(", ") || "none"}`)],
  };
}
