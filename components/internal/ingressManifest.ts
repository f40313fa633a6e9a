import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { TlsSource, type IngressSettings } from "../mlflowInstanceArgs.ts";
import { objectNames } from "./names.ts";

/**
 * Annotations of the ingress: TLS only, in the words of the common controllers (each ignores the others'), no limit of the body's size
 * (the temporary volume is the limit), and what the certificate's source needs.
 */
export function ingressAnnotations(settings: IngressSettings): Record<string, string> {
  return {
    // An ingress without a public address never gets the status that Pulumi waits for (a controller behind a fixed address has none);
    // that the server is ready was awaited with its Deployment.
    "pulumi.com/skipAwait": "true",
    "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
    "traefik.ingress.kubernetes.io/router.tls": "true",
    "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
    ...(settings.tls.source === TlsSource.CertManager ? { "cert-manager.io/cluster-issuer": settings.tls.clusterIssuer ?? "" } : {}),
    ...settings.annotations,
  };
}

export function ingressManifest(className: string, host: string, tlsSecret: Input<string>): input.networking.v1.IngressSpec {
  return {
    ingressClassName: className,
    tls: [{ hosts: [host], secretName: tlsSecret }],
    rules: [
      {
        host,
        http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: objectNames.service, port: { name: "http" } } } }] },
      },
    ],
  };
}
