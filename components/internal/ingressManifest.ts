import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { IngressController, LoadBalancerScheme, TlsSource } from "../enums.ts";
import type { IngressSettings } from "../platformSettings.ts";
import { objectNames } from "./names.ts";
import { idleSeconds } from "./timeouts.ts";

type Annotations = Record<string, Input<string>>;

/**
 * Annotations of the ingress: TLS only, time-outs and body sizes in the words of its controller,
 * and what the certificate's source needs.
 */
export function ingressAnnotations(
  settings: IngressSettings,
  temporaryStorage: string,
): Annotations {
  return {
    // An ingress without a public address never gets the status that Pulumi waits for (a controller
    // behind a fixed address has none); that the server is ready was awaited with its Deployment. A
    // record of its name has to wait for the address.
    ...(settings.dnsZoneId === undefined ? { "pulumi.com/skipAwait": "true" } : {}),
    ...controllerAnnotations(settings, temporaryStorage),
    ...(settings.tls?.source === TlsSource.CertManager
      ? { "cert-manager.io/cluster-issuer": settings.tls.clusterIssuer ?? "" }
      : {}),
    ...settings.annotations,
  };
}

function controllerAnnotations(settings: IngressSettings, temporaryStorage: string): Annotations {
  switch (settings.controller) {
    case IngressController.Alb:
      return albAnnotations(settings, temporaryStorage);
    case IngressController.Nginx:
      return nginxAnnotations(idleSeconds(settings, temporaryStorage));
    case IngressController.Traefik:
      return traefikAnnotations;
    default:
      // Each ignores the other's.
      return {
        ...traefikAnnotations,
        ...nginxBody,
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
      };
  }
}

// Nothing of time-outs and sizes: Traefik limits neither for one ingress. Its entry point does
// (`respondingTimeouts.readTimeout`, 60 s for a whole request by default, which ends long uploads);
// that belongs to Traefik's administrator.
const traefikAnnotations: Annotations = {
  "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
  "traefik.ingress.kubernetes.io/router.tls": "true",
};

const nginxBody: Annotations = {
  "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
  // The server has limits of its own (docs/request-limits.md).
  "nginx.ingress.kubernetes.io/proxy-body-size": "0",
  "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
};

function nginxAnnotations(seconds: number): Annotations {
  return {
    ...nginxBody,
    // A download is passed on as it comes, instead of through a file on the controller's disk.
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": String(seconds),
    "nginx.ingress.kubernetes.io/proxy-send-timeout": String(seconds),
  };
}

const albPrefix = "alb.ingress.kubernetes.io";

function albAnnotations(settings: IngressSettings, temporaryStorage: string): Annotations {
  const attributes = {
    "idle_timeout.timeout_seconds": String(idleSeconds(settings, temporaryStorage)),
    "routing.http.drop_invalid_header_fields.enabled": "true",
  };
  return {
    [`${albPrefix}/scheme`]:
      settings.scheme === LoadBalancerScheme.InternetFacing ? "internet-facing" : "internal",
    // The Service has no node ports, and a pod is a target as long as it is ready.
    [`${albPrefix}/target-type`]: "ip",
    // No listener for plain HTTP, not even one that redirects: a client that was given http:// once
    // would send its token in clear, with each request.
    [`${albPrefix}/listen-ports`]: '[{"HTTPS":443}]',
    [`${albPrefix}/certificate-arn`]: settings.tls?.certificateArn ?? "",
    // The controller's own default still takes TLS 1.0.
    [`${albPrefix}/ssl-policy`]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    [`${albPrefix}/healthcheck-path`]: "/health/ready",
    [`${albPrefix}/healthcheck-interval-seconds`]: "10",
    [`${albPrefix}/load-balancer-attributes`]: Object.entries(attributes)
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
    ...(settings.groupName === undefined
      ? {}
      : { [`${albPrefix}/group.name`]: settings.groupName }),
  };
}

/**
 * What the controller wants to find on the namespace: a new pod then counts as ready only when the
 * load balancer knows it, and a rollout waits for that.
 */
export function controllerLabels({
  controller,
}: Pick<IngressSettings, "controller">): Record<string, string> {
  return controller === IngressController.Alb
    ? { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" }
    : {};
}

/**
 * Seconds for which a pod that ends is still sent requests, until its controller has heard of it; a
 * load balancer of AWS takes longer to.
 */
export function drainSeconds({ controller }: Pick<IngressSettings, "controller">): number {
  return controller === IngressController.Alb ? 20 : 5;
}

/** The rule of the one host. Without `tlsSecret` the load balancer has the certificate. */
export function ingressManifest(
  className: string,
  host: string,
  tlsSecret: Input<string> | undefined,
): input.networking.v1.IngressSpec {
  return {
    ingressClassName: className,
    ...(tlsSecret === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecret }] }),
    rules: [
      {
        host,
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: objectNames.service, port: { name: "http" } } },
            },
          ],
        },
      },
    ],
  };
}
