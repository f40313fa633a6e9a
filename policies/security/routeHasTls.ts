import { z } from "zod";
import {
  httpRouteTypes,
  isOfInstance,
  listenerSetTypes,
  otherRouteTypes,
} from "../model/resources.ts";
import { inEach } from "../model/parts.ts";
import {
  hostsOf,
  keepsHosts,
  isWildcard,
  listenersOf,
  onlyRedirectsToHttps,
  parentKindOf,
  parentRefsOf,
} from "../model/routes.ts";
import { resourceRule, type Context, type Resource } from "../rule.ts";

const settings = z.object({
  plainListeners: z
    .array(z.string().min(1))
    .default(["http", "web"])
    .describe("Names of listeners for plain HTTP, to which only redirects may attach."),
});

type RuleContext = Context<z.output<typeof settings>>;

interface Filter {
  readonly type?: string;
  readonly requestRedirect?: {
    readonly scheme?: string | null;
    readonly hostname?: string | null;
  } | null;
}

interface Backend {
  readonly kind?: string | null;
  readonly name?: string | null;
  readonly namespace?: string | null;
  readonly filters?: readonly Filter[] | null;
}

interface RouteRule {
  readonly filters?: readonly Filter[] | null;
  readonly backendRefs?: readonly Backend[] | null;
}

/** Kinds of parents that have listeners. A Service as a parent is a route inside a mesh. */
const kindsWithListeners = ["Gateway", "ListenerSet", "XListenerSet"];

export const routeHasTls = resourceRule({
  name: "route-has-tls",
  pack: "security",
  severity: "critical",
  demand:
    "HTTPRoutes that serve name their hosts and listeners for HTTPS, listeners of ListenerSets have certificates, and no other route or mirror takes the requests of an instance.",
  reason:
    "A token that is sent without TLS, or to another backend, can be read and used by others.",
  steps:
    "Set spec.hostnames, and sectionName of each entry of spec.parentRefs to a listener for HTTPS; give each listener of a ListenerSet a hostname, the protocol HTTPS and tls.certificateRefs.",
  settings,
  types: [...httpRouteTypes, ...otherRouteTypes, ...listenerSetTypes],
  *check(resource, context) {
    const own = context.known(() => isOfInstance(resource)) ?? false;
    if (httpRouteTypes.includes(resource.type)) yield* routeProblems(resource, own, context);
    else if (listenerSetTypes.includes(resource.type))
      yield* listenerProblems(resource, own, context);
    else if (own)
      yield `A ${resource.type.split(":").at(-1)} leads to an instance; replace it by an HTTPRoute, because the server speaks HTTP behind a listener for HTTPS only.`;
  },
});

function* routeProblems(route: Resource, own: boolean, context: RuleContext): Generator<string> {
  const rules = (route.props["spec"]?.["rules"] ?? []) as RouteRule[];
  const keepsHost = keepsHosts((route.props["spec"]?.["hostnames"] ?? []) as string[]);
  yield* inEach(rules.keys(), context, (index) =>
    filterProblems(rules[index]!, index, own, keepsHost),
  );
  // A route that only redirects belongs to the listener for plain HTTP.
  if (context.known(() => onlyRedirectsToHttps(route)) !== false) return;
  const hostnames = (route.props["spec"]?.["hostnames"] ?? []) as string[];
  if (hostnames.length === 0)
    yield "spec.hostnames is missing, so the route answers for every host of its listeners; set it to the host.";
  if (own) yield* wildcardProblems(route, context);
  yield* inEach(["useDefaultGateways"], context, function* (key) {
    const chosen = (route.props["spec"]?.[key] ?? "None") as string;
    if (chosen !== "None")
      yield `spec.${key} is ${chosen}, so the route attaches to every listener of those Gateways; remove it, and set spec.parentRefs.`;
  });
  const references = parentRefsOf(route);
  yield* inEach(references.keys(), context, function* (index) {
    const name = references[index]!.name ?? "";
    const sectionName = references[index]!.sectionName ?? "";
    const kind = parentKindOf(references[index]!);
    if (!kindsWithListeners.includes(kind)) return;
    const path = `spec.parentRefs[${index}].sectionName`;
    if (sectionName === "")
      yield `${path} is missing, so the route attaches to listeners for plain HTTP, too; set it to the listener for HTTPS of the ${kind} ${name}.`;
    else if (context.settings.plainListeners.includes(sectionName))
      yield `${path} is ${sectionName}, a listener for plain HTTP; set it to the listener for HTTPS of the ${kind} ${name} (the setting plainListeners has the names of those for plain HTTP).`;
  });
}

function* filterProblems(
  rule: RouteRule,
  index: number,
  own: boolean,
  keepsHost: ReturnType<typeof keepsHosts>,
): Generator<string> {
  const places = [
    { path: `spec.rules[${index}]`, filters: rule.filters },
    ...[...(rule.backendRefs ?? [])].map(({ filters }, number) => ({
      path: `spec.rules[${index}].backendRefs[${number}]`,
      filters,
    })),
  ];
  if (own) yield* backendProblems(rule.backendRefs ?? [], `spec.rules[${index}].backendRefs`);
  for (const { path, filters } of places)
    for (const [number, { type, requestRedirect }] of (filters ?? []).entries()) {
      const filter = `${path}.filters[${number}]`;
      if (type === "RequestRedirect" && requestRedirect?.scheme === "http")
        yield `${filter} redirects to plain HTTP; set requestRedirect.scheme to https.`;
      if (own && !keepsHost(requestRedirect?.hostname))
        yield `${filter} redirects to ${requestRedirect?.hostname ?? ""}; remove requestRedirect.hostname, so that the host stays.`;
      // Headers may be changed and extensions used: the request still goes to one backend.
      if (own && type === "RequestMirror")
        yield `${filter} copies requests, with their tokens, to another backend; remove the filter RequestMirror.`;
    }
}

/** An instance's route leads to one Service of its own namespace, or requests and tokens go elsewhere. */
function* backendProblems(backends: readonly Backend[], path: string): Generator<string> {
  if (backends.length > 1)
    yield `${path} has ${backends.length} entries, so a part of the requests goes to another backend; keep the one of the instance's Service.`;
  for (const [number, { kind, namespace }] of backends.entries()) {
    if ((namespace ?? "") !== "")
      yield `${path}[${number}].namespace is ${namespace}, so requests leave the instance's namespace; remove it.`;
    if ((kind ?? "Service") !== "Service")
      yield `${path}[${number}].kind is ${kind}; set it to Service.`;
  }
}

function* listenerProblems(set: Resource, own: boolean, context: RuleContext): Generator<string> {
  const listeners = listenersOf(set);
  if (own) yield* wildcardProblems(set, context);
  yield* inEach(listeners.keys(), context, function* (index) {
    const { protocol, hostname, tls } = listeners[index]!;
    const path = `spec.listeners[${index}]`;
    if (protocol !== "HTTPS") {
      // Others may take connections that are not HTTP.
      if (own || protocol === "HTTP")
        yield `${path}.protocol is ${protocol}; set it to HTTPS (a redirect attaches to the listener for plain HTTP of the Gateway itself).`;
      return;
    }
    if ((hostname ?? "") === "")
      yield `${path}.hostname is missing, so the listener takes requests for every host; set it to the host.`;
    const mode = tls?.mode ?? "Terminate";
    if (mode !== "Terminate") yield `${path}.tls.mode is ${mode}; set it to Terminate.`;
    if ((tls?.certificateRefs ?? []).length === 0)
      yield `${path}.tls.certificateRefs is empty; set it to the Secret of the certificate.`;
  });
}

function* wildcardProblems(object: Resource, context: RuleContext): Generator<string> {
  for (const { path, host } of hostsOf(object, context))
    if (isWildcard(host))
      yield `${path} is ${host}, which includes the hosts of other instances; set it to the host of this instance.`;
}
