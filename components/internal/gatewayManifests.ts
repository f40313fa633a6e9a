import type { Input } from "@pulumi/pulumi";
import { TlsSource } from "../enums.ts";
import type { GatewaySettings, IngressSettings } from "../platformSettings.ts";
import { waitForAcceptance } from "./acceptance.ts";
import { defaultListener, objectNames } from "./names.ts";

// Objects of the Gateway API, group gateway.networking.k8s.io. The cluster fills in fields that are
// missing; here they are written out, so that a reader of a preview sees what holds.

export const gatewayApiVersion = "gateway.networking.k8s.io/v1";
const group = "gateway.networking.k8s.io";

/** Port of HTTPS where none is given. */
const defaultPort = 443;

const gatewayReference = ({ name, namespace }: GatewaySettings) => ({
  group,
  kind: "Gateway",
  name,
  namespace,
});

/** Annotations of the routes. */
export const routeAnnotations = (settings: IngressSettings): Record<string, string> => ({
  ...waitForAcceptance("route"),
  ...settings.annotations,
});

/** Annotations of the ListenerSet; cert-manager reads its own there. */
export const listenerAnnotations = ({ tls }: IngressSettings): Record<string, string> => ({
  ...waitForAcceptance("listenerSet"),
  ...(tls?.source === TlsSource.CertManager
    ? { "cert-manager.io/cluster-issuer": tls.clusterIssuer ?? "" }
    : {}),
});

/** The listener of an instance that has a certificate of its own. */
export function listenerSet(
  gateway: GatewaySettings,
  host: string,
  secretName: Input<string>,
): object {
  return {
    parentRef: gatewayReference(gateway),
    listeners: [
      {
        name: defaultListener,
        hostname: host,
        port: gateway.port ?? defaultPort,
        protocol: "HTTPS",
        tls: {
          mode: "Terminate",
          certificateRefs: [{ group: "", kind: "Secret", name: secretName }],
        },
        allowedRoutes: { namespaces: { from: "Same" } },
      },
    ],
  };
}

/**
 * The route of the one host. It names its listener: without a name it would be attached to the
 * Gateway's listener for plain HTTP as well.
 */
export function serverRoute({ gateway, host, ownListener }: RouteFacts): object {
  const parent = ownListener
    ? { group, kind: "ListenerSet", name: objectNames.listenerSet, sectionName: defaultListener }
    : { ...gatewayReference(gateway), sectionName: gateway.listener ?? defaultListener };
  return {
    parentRefs: [parent],
    hostnames: [host],
    rules: [
      {
        matches: everyPath,
        // The upload of a large model takes hours, and the server has limits of its own
        // (docs/request-limits.md); controllers without a limit of the route's own have one of 15
        // to 60 seconds for a whole request.
        ...(gateway.timeouts === false
          ? {}
          : { timeouts: { request: "0s", backendRequest: "0s" } }),
        backendRefs: [
          { group: "", kind: "Service", name: objectNames.service, port: 80, weight: 1 },
        ],
      },
    ],
  };
}

/** The route of the same host at the listener for plain HTTP: it leads to HTTPS and nowhere else. */
export function redirectRoute(gateway: GatewaySettings, host: string, listener: string): object {
  return {
    parentRefs: [{ ...gatewayReference(gateway), sectionName: listener }],
    hostnames: [host],
    rules: [
      {
        matches: everyPath,
        filters: [
          {
            type: "RequestRedirect",
            // Without a port, which GKE refuses: it is that of the scheme.
            requestRedirect: { scheme: "https", statusCode: 301 },
          },
        ],
      },
    ],
  };
}

export interface RouteFacts {
  readonly gateway: GatewaySettings;
  readonly host: string;
  /** Whether the instance has a listener of its own, with its certificate. */
  readonly ownListener: boolean;
}

const everyPath = [{ path: { type: "PathPrefix", value: "/" } }];
