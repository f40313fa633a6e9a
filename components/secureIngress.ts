import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import { TlsSource, type IngressSettings } from "./mlflowInstanceArgs.ts";
import { ingressAnnotations, ingressManifest } from "./internal/ingressManifest.ts";
import { Component, labelsOf, type Identity } from "./internal/labels.ts";
import { logicalName, objectNames } from "./internal/names.ts";
import { childOf } from "./internal/options.ts";

export interface SecureIngressArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  host: string;
  ingress: IngressSettings;
}

/** The way in: one host, TLS only. */
export class SecureIngress extends pulumi.ComponentResource {
  constructor(name: string, args: SecureIngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("components:index:SecureIngress", name, {}, opts);
    const labels = labelsOf(args.identity, Component.Ingress);
    const { tls } = args.ingress;
    const secretName = {
      [TlsSource.Pem]: () => this.certificate(name, args, labels).metadata.name,
      [TlsSource.CertManager]: () => objectNames.issuedCertificate,
      [TlsSource.Secret]: () => tls.secretName ?? "",
    }[tls.source]();
    new Ingress(
      logicalName(name, "ingress"),
      {
        metadata: { name: objectNames.ingress, namespace: args.namespace, labels, annotations: ingressAnnotations(args.ingress) },
        spec: ingressManifest(args.ingress.className, args.host, secretName),
      },
      childOf(this),
    );
    this.registerOutputs({});
  }

  private certificate(name: string, args: SecureIngressArgs, labels: Record<string, string>): Secret {
    const { certificate, privateKey } = args.ingress.tls;
    return new Secret(
      logicalName(name, "certificate"),
      {
        metadata: { namespace: args.namespace, labels },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": pulumi.secret(certificate ?? ""), "tls.key": pulumi.secret(privateKey ?? "") },
      },
      // A new certificate makes a new secret, which the ingress then names: no moment without one.
      childOf(this, { replaceOnChanges: ["data", "stringData"] }),
    );
  }
}
