import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import { TlsSource } from "./enums.ts";
import type { IngressSettings } from "./platformSettings.ts";
import { ingressAnnotations, ingressManifest } from "./internal/ingressManifest.ts";
import { Component, labelsOf, type Identity } from "./internal/labels.ts";
import { logicalName, objectNames } from "./internal/names.ts";
import { childrenOf, type Children } from "./internal/options.ts";

export interface SecureIngressArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  host: string;
  ingress: IngressSettings;
  /** Size of the temporary volume, which the idle time-out of the load balancer follows. */
  temporaryStorage: string;
}

/** The way in: one host, TLS only. */
export class SecureIngress {
  private readonly child: Children;

  constructor(name: string, args: SecureIngressArgs, instance: pulumi.Resource) {
    this.child = childrenOf(instance, "SecureIngress");
    const labels = labelsOf(args.identity, Component.Ingress);
    const { tls } = args.ingress;
    const secretName = {
      [TlsSource.Pem]: () => this.certificate(name, args, labels).metadata.name,
      [TlsSource.CertManager]: () => objectNames.issuedCertificate,
      [TlsSource.Secret]: () => tls.secretName ?? "",
      [TlsSource.Acm]: () => undefined,
    }[tls.source]();
    const ingress = new Ingress(
      logicalName(name, "ingress"),
      {
        metadata: {
          name: objectNames.ingress,
          namespace: args.namespace,
          labels,
          annotations: ingressAnnotations(args.ingress, args.temporaryStorage),
        },
        spec: ingressManifest(args.ingress.className, args.host, secretName),
      },
      this.child(),
    );
    const { dnsZoneId } = args.ingress;
    if (dnsZoneId !== undefined) {
      const address = ingress.status.apply(({ loadBalancer }) =>
        addressOf(args.host, loadBalancer.ingress),
      );
      new DnsRecord(
        logicalName(name, "dnsRecord"),
        // Short: a load balancer that is replaced has another name.
        {
          zoneId: dnsZoneId,
          name: args.host,
          type: address.type,
          ttl: 60,
          records: [address.value],
        },
        this.child(),
      );
    }
  }

  private certificate(
    name: string,
    args: SecureIngressArgs,
    labels: Record<string, string>,
  ): Secret {
    const { certificate, privateKey } = args.ingress.tls;
    return new Secret(
      logicalName(name, "certificate"),
      {
        metadata: { namespace: args.namespace, labels },
        type: "kubernetes.io/tls",
        stringData: {
          "tls.crt": pulumi.secret(certificate ?? ""),
          "tls.key": pulumi.secret(privateKey ?? ""),
        },
      },
      // A new certificate makes a new secret, which the ingress then names: no moment without one.
      this.child({ replaceOnChanges: ["data", "stringData"] }),
    );
  }
}

/** Load balancers of AWS have a name, others often only an address. */
function addressOf(
  host: string,
  addresses: readonly { hostname?: string; ip?: string }[] | undefined,
): { type: "CNAME" | "A" | "AAAA"; value: string } {
  const { hostname, ip } = addresses?.[0] ?? {};
  if (hostname) return { type: "CNAME", value: hostname };
  if (ip) return { type: ip.includes(":") ? "AAAA" : "A", value: ip };
  throw new Error(
    `platform.ingress.dnsZoneId: the ingress of ${host} has no address that a record could point to; does a controller serve its class?`,
  );
}
