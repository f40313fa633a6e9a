import { defaultListener, namespaceName } from "@mlflow-instances/components/internal";
import type { ApiServer } from "./apiServer.ts";
import { fault, type Answer, type Asked, type Fault } from "./check.ts";

/** The Gateway that serves the instances, as the environment names it. */
export interface GatewayOfInstances {
  readonly name: string;
  readonly namespace: string;
  readonly listener?: string | undefined;
  readonly redirectListener?: string | undefined;
}

interface Listener {
  readonly name: string;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly allowedRoutes?: {
    readonly namespaces?: { readonly from?: string };
    readonly kinds?: readonly { readonly kind?: string }[];
  };
}

interface Gateway {
  readonly spec?: {
    readonly listeners?: readonly Listener[];
    readonly allowedListeners?: { readonly namespaces?: { readonly from?: string } };
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

interface About {
  readonly server: string;
  readonly asked: Asked;
  readonly hasOwnListeners: boolean;
  /** What the API server has answered for the Gateway. */
  readonly status: number;
  readonly body: string;
}

const path = "platform.ingress.gateway";
const api = "/apis/gateway.networking.k8s.io/v1";

/**
 * Checks that the Gateway exists and that its listeners accept the instances' routes, as far as its
 * spec shows that; the update then waits for the controller.
 */
export async function checkGateway(
  server: ApiServer,
  gateway: GatewayOfInstances,
  about: About,
): Promise<Partial<Answer>> {
  const id = `${gateway.namespace}/${gateway.name}`;
  const error = ({ field, reason }: Problem): Fault => {
    const at = field === undefined ? path : `${path}.${field}`;
    return fault({ what: `The Gateway ${id}`, where: about.server, path: at }, reason);
  };
  if (about.status === 404) {
    const { status } = await server.get(api);
    const reason =
      status === 404
        ? "the cluster has no Gateway API (gateway.networking.k8s.io/v1); install its CRDs and a controller"
        : "the cluster has no such Gateway";
    return { errors: [error({ reason })] };
  }
  if (about.status !== 200)
    return {
      notes: [
        `The Gateway ${id} was not checked: the API server answers with HTTP status ${about.status}.`,
      ],
    };
  const found = JSON.parse(about.body) as Gateway;
  const problems = about.hasOwnListeners
    ? await problemsOfOwnListeners(server, found)
    : problemsOfListener(found, gateway, about.asked);
  const errors = [...problems, ...problemsOfRedirect(found, gateway)].map(error);
  return { errors, warnings: notProgrammed(found, id), notes: noRedirect(found, gateway, id) };
}

interface Problem {
  /** Undefined: the Gateway as a whole. */
  readonly field?: string;
  readonly reason: string;
}

const listenersOf = ({ spec }: Gateway): readonly Listener[] => spec?.listeners ?? [];

const isPlain = ({ protocol }: Listener): boolean => protocol === "HTTP";

function problemsOfListener(
  gateway: Gateway,
  { listener: name = defaultListener, namespace }: GatewayOfInstances,
  { instances }: Asked,
): Problem[] {
  const all = listenersOf(gateway);
  const listener = all.find((each) => each.name === name);
  const at = (reason: string): Problem => ({ field: "listener", reason });
  if (listener === undefined)
    return [
      at(`it has no listener ${name}; it has ${all.map((each) => each.name).join(", ") || "none"}`),
    ];
  const { protocol = "", hostname } = listener;
  if (protocol !== "HTTPS")
    return [at(`its listener ${name} has the protocol ${protocol}; clients need HTTPS`)];
  const outside = instances.filter(({ host }) => !covers(hostname, host)).map(({ host }) => host);
  return [
    ...keepsOut(listener, namespace, instances),
    ...(outside.length === 0
      ? []
      : [
          `its listener ${name} serves ${hostname ?? ""} only, and not ${outside.slice(0, 3).join(", ")}`,
        ]),
  ].map(at);
}

/** A listener without a host name serves all; `*.` stands for one or more labels. */
function covers(hostname: string | undefined, host: string): boolean {
  if (hostname === undefined || hostname === "") return true;
  return hostname.startsWith("*.")
    ? host.endsWith(hostname.slice(1).toLowerCase())
    : host === hostname.toLowerCase();
}

/** The reasons for which a listener does not accept the instances' routes. */
function keepsOut(
  { name, allowedRoutes = {} }: Listener,
  namespace: string,
  instances: Asked["instances"],
): string[] {
  const { namespaces = {}, kinds = [] } = allowedRoutes;
  const strangers = instances.filter(
    ({ instanceName }) => namespaceName(instanceName) !== namespace,
  );
  const isClosed = (namespaces.from ?? "Same") === "Same" && strangers.length > 0;
  return [
    ...(isClosed
      ? [
          `its listener ${name} lets in routes of its own namespace only (allowedRoutes.namespaces.from is Same, the default); set it to All, or to Selector with the instances' namespaces (app.kubernetes.io/part-of: mlflow-instances)`,
        ]
      : []),
    ...(kinds.length > 0 && !kinds.some(({ kind }) => kind === "HTTPRoute")
      ? [`its listener ${name} takes no HTTPRoute (allowedRoutes.kinds)`]
      : []),
  ];
}

async function problemsOfOwnListeners(server: ApiServer, gateway: Gateway): Promise<Problem[]> {
  const { status, body } = await server.get(api);
  const { resources = [] } =
    status === 200 ? (JSON.parse(body) as { resources?: { name: string }[] }) : {};
  const isServed = status !== 200 || resources.some(({ name }) => name === "listenersets");
  const from = gateway.spec?.allowedListeners?.namespaces?.from ?? "None";
  return [
    ...(isServed
      ? []
      : [
          "the cluster's Gateway API knows no ListenerSet, which it has since version 1.5; update its CRDs, or leave out platform.ingress.tls and give the Gateway's listener a certificate",
        ]),
    ...(from === "None" || from === "Same"
      ? [
          `it takes no listeners of other namespaces (allowedListeners.namespaces.from is ${from}), which the instances have with platform.ingress.tls; set it to All or Selector, or leave out platform.ingress.tls`,
        ]
      : []),
  ].map((reason) => ({ reason }));
}

function problemsOfRedirect(
  gateway: Gateway,
  { redirectListener: name }: GatewayOfInstances,
): Problem[] {
  if (name === undefined) return [];
  const listener = listenersOf(gateway).find((each) => each.name === name);
  const reason =
    listener === undefined
      ? `it has no listener ${name}`
      : isPlain(listener)
        ? undefined
        : `its listener ${name} has the protocol ${listener.protocol ?? ""}; only plain HTTP is led to HTTPS`;
  return reason === undefined ? [] : [{ field: "redirectListener", reason }];
}

function noRedirect(
  gateway: Gateway,
  { redirectListener }: GatewayOfInstances,
  id: string,
): string[] {
  const plain = listenersOf(gateway).find(isPlain);
  if (redirectListener !== undefined || plain === undefined) return [];
  return [
    `The Gateway ${id} has a listener for plain HTTP, ${plain.name}; with platform.ingress.gateway.redirectListener: ${plain.name} an http:// address of an instance leads to https://.`,
  ];
}

function notProgrammed({ status }: Gateway, id: string): string[] {
  const condition = status?.conditions?.find(
    (each) => ["Accepted", "Programmed"].includes(each.type) && each.status !== "True",
  );
  if (condition === undefined) return [];
  const { type, reason = "", message = "" } = condition;
  return [`The Gateway ${id} is not ${type}: ${reason}${message === "" ? "" : `, ${message}`}`];
}
