import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { TlsSource } from "./enums.ts";
import type { GatewaySettings, IngressSettings, IngressTls } from "./platformSettings.ts";
import { accepted, Pause } from "./internal/acceptance.ts";
import {
  gatewayApiVersion,
  listenerAnnotations,
  listenerSet,
  redirectRoute,
  routeAnnotations,
  serverRoute,
} from "./internal/gatewayManifests.ts";
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

/** Exposes one host, TLS only: by an Ingress, or by a route at a Gateway. */
export class SecureIngress {
  private readonly name: string;
  private readonly args: SecureIngressArgs;
  private readonly child: Children;
  private readonly pause = new Pause();

  constructor(name: string, args: SecureIngressArgs, instance: pulumi.Resource) {
    this.name = name;
    this.args = args;
    this.child = childrenOf(instance, "SecureIngress");
    const { gateway } = args.ingress;
    const secretName = this.secretName();
    if (gateway === undefined) this.ingress(secretName);
    else this.routes(gateway, secretName);
  }

  /** Name of the Secret with the certificate; undefined if the Gateway or load balancer has one. */
  private secretName(): pulumi.Input<string> | undefined {
    const { tls } = this.args.ingress;
    switch (tls?.source) {
      case TlsSource.Pem:
        return this.certificate(tls).metadata.name;
      case TlsSource.CertManager:
        return objectNames.issuedCertificate;
      case TlsSource.Secret:
        return tls.secretName ?? "";
      default:
        return undefined;
    }
  }

  private ingress(secretName: pulumi.Input<string> | undefined): void {
    const { args, name } = this;
    const ingress = new Ingress(
      logicalName(name, "ingress"),
      {
        metadata: {
          ...this.metadata(),
          name: objectNames.ingress,
          annotations: ingressAnnotations(args.ingress, args.temporaryStorage),
        },
        spec: ingressManifest(args.ingress.className ?? "", args.host, secretName),
      },
      this.child(this.pause.options()),
    );
    this.pause.after(ingress);
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

  private routes(gateway: GatewaySettings, secretName: pulumi.Input<string> | undefined): void {
    const { host, ingress } = this.args;
    const object = (
      noun: "route" | "redirectRoute" | "listenerSet",
      kind: "HTTPRoute" | "ListenerSet",
      annotations: Record<string, string>,
      spec: object,
    ): void => {
      const made = new CustomResource(
        logicalName(this.name, noun),
        {
          apiVersion: gatewayApiVersion,
          kind,
          metadata: { ...this.metadata(), name: objectNames[noun], annotations },
          spec,
        },
        this.child(
          accepted(
            logicalName(this.name, noun),
            `The ${kind} ${objectNames[noun]} of instance ${this.args.identity.instanceName} at the Gateway ${gateway.namespace}/${gateway.name}`,
            this.pause,
          ),
        ),
      );
      this.pause.after(made);
    };
    const annotations = routeAnnotations(ingress);
    const ownListener = secretName !== undefined;
    if (ownListener)
      object(
        "listenerSet",
        "ListenerSet",
        listenerAnnotations(ingress),
        listenerSet(gateway, host, secretName),
      );
    object("route", "HTTPRoute", annotations, serverRoute({ gateway, host, ownListener }));
    const { redirectListener } = gateway;
    if (redirectListener !== undefined)
      object(
        "redirectRoute",
        "HTTPRoute",
        annotations,
        redirectRoute(gateway, host, redirectListener),
      );
  }

  private metadata() {
    const { namespace, identity } = this.args;
    return { namespace, labels: labelsOf(identity, Component.Ingress) };
  }

  private certificate({ certificate, privateKey }: IngressTls): Secret {
    return new Secret(
      logicalName(this.name, "certificate"),
      {
        metadata: this.metadata(),
        type: "kubernetes.io/tls",
        stringData: {
          "tls.crt": pulumi.secret(certificate ?? ""),
          "tls.key": pulumi.secret(privateKey ?? ""),
        },
      },
      // A new certificate makes a new Secret, which the Ingress or the ListenerSet names afterwards:
      // no moment without a certificate.
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
