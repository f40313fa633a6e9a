import type { Context, Resource } from "../rule.ts";
import { httpRouteTypes, kubernetesType, listenerSetTypes, metadataOf } from "./resources.ts";

type Props = Record<string, any>;
type Judged = Pick<Resource, "type" | "props">;

/** A host that an object names, with the path to it. */
export interface NamedHost {
  readonly path: string;
  readonly host: string;
}

/** Where a type keeps its hosts: a list of the spec, and the key in each item that is an object. */
function placeOfHosts(type: string): { list: string; key?: string } {
  if (type === kubernetesType.ingress) return { list: "rules", key: "host" };
  return listenerSetTypes.includes(type)
    ? { list: "listeners", key: "hostname" }
    : { list: "hostnames" };
}

/**
 * The hosts that an ingress, a route or a listener set names. An unknown host is reported to `known`
 * and hides no other.
 */
export function hostsOf(
  { type, props }: Judged,
  { known }: Pick<Context<unknown>, "known">,
): NamedHost[] {
  const { list, key } = placeOfHosts(type);
  const items = known(() => (props["spec"]?.[list] ?? []) as any[]) ?? [];
  return [...items.keys()].flatMap((index) => {
    const host = known(() => (key === undefined ? items[index] : items[index]?.[key]) as string);
    const path = `spec.${list}[${index}]${key === undefined ? "" : `.${key}`}`;
    return host === undefined || host === "" ? [] : [{ path, host }];
  });
}

/** The word for an object of this type in messages. */
export function wordFor(type: string): string {
  if (type === kubernetesType.ingress) return "ingress";
  return listenerSetTypes.includes(type) ? "listener set" : "route";
}

export const isWildcard = (host: string): boolean => host.startsWith("*.");

const covers = (host: string, other: string): boolean =>
  host === other || (isWildcard(host) && other.endsWith(host.slice(1)));

/** Whether a request can be for both hosts. A wildcard covers every number of labels. */
export const hostsMeet = (a: string, b: string): boolean => covers(a, b) || covers(b, a);

/** Whether a redirect of a route with these hosts stays at the host of the request. */
export const keepsHosts =
  (hostnames: readonly string[]) =>
  (target: string | null | undefined): boolean =>
    (target ?? "") === "" ||
    (hostnames.length > 0 && hostnames.every((hostname) => hostname === target));

/**
 * Whether every rule of an HTTPRoute redirects to HTTPS at the same host, and does nothing else: no
 * token is passed on. A route without rules answers by itself, so it does not count.
 */
export function onlyRedirectsToHttps({ type, props }: Judged): boolean {
  if (!httpRouteTypes.includes(type)) return false;
  const spec = (props["spec"] ?? {}) as Props;
  const keepsHost = keepsHosts((spec["hostnames"] ?? []) as string[]);
  const rules = [...((spec["rules"] ?? []) as Props[])];
  return (
    rules.length > 0 &&
    rules.every(({ filters, backendRefs }) => {
      if ((backendRefs ?? []).length > 0 || (filters ?? []).length === 0) return false;
      // Another filter could mirror the request, or set another location.
      return [...(filters as Props[])].every(
        ({ type: kind, requestRedirect: to }) =>
          kind === "RequestRedirect" &&
          to?.["scheme"] === "https" &&
          keepsHost(to["hostname"] as string | undefined) &&
          (to["port"] ?? 443) !== 80,
      );
    })
  );
}

/** An entry of a route's `parentRefs`. */
export interface ParentRef {
  // The API server takes null for a field that is not set.
  readonly group?: string | null;
  readonly kind?: string | null;
  readonly namespace?: string | null;
  readonly name?: string | null;
  readonly sectionName?: string | null;
}

export const parentRefsOf = ({ props }: Judged): readonly ParentRef[] =>
  (props["spec"]?.["parentRefs"] ?? []) as ParentRef[];

export const parentKindOf = ({ kind }: ParentRef): string => kind ?? "Gateway";

/** Whether the reference of a route means this Gateway or listener set. */
export function isParent(reference: ParentRef, route: Judged, parent: Judged): boolean {
  const [, group, kind] = /^kubernetes:(.+)\/[^/]+:(\w+)$/.exec(parent.type) ?? [];
  const { name, namespace } = metadataOf(parent.props);
  return (
    parentKindOf(reference) === kind &&
    (reference.group ?? "gateway.networking.k8s.io") === group &&
    reference.name === name &&
    (reference.namespace ?? metadataOf(route.props).namespace) === namespace
  );
}

/** A listener of a Gateway or a listener set. */
export interface Listener {
  readonly name?: string | null;
  readonly protocol?: string | null;
  readonly hostname?: string | null;
  readonly tls?: {
    readonly mode?: string | null;
    readonly certificateRefs?: readonly unknown[] | null;
  } | null;
}

export const listenersOf = ({ props }: Judged): readonly Listener[] =>
  (props["spec"]?.["listeners"] ?? []) as Listener[];
