import { TlsSource } from "../enums.ts";
import type { GatewaySettings, IngressSettings, IngressTls } from "../platformSettings.ts";
import { checkLoadBalancer } from "./cloudProblems.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { defaultListener } from "./names.ts";
import { isCount, isOneOf, oneOf, type Report } from "./problems.ts";
import { dnsLabel, dnsSubdomain } from "./syntax.ts";

/** How an instance is reached: by an Ingress of a class, or by a route at a Gateway. */
export function checkIngress(args: NamedArgs, report: Report): void {
  const { ingress } = args.platform;
  const { className, gateway, tls } = ingress;
  report("platform.ingress.className", className !== "", "must not be empty");
  report(
    "platform.ingress.className",
    (className === undefined) !== (gateway === undefined),
    "must be set, or platform.ingress.gateway: exactly one of the two",
  );
  if (gateway !== undefined) checkGateway(gateway, ingress, report);
  report(
    "platform.ingress.tls",
    tls !== undefined || gateway !== undefined,
    "must be set with className",
  );
  checkLoadBalancer(args, report);
  if (tls !== undefined) checkTls(tls, report);
}

const isName = (value: string): boolean => value.length <= 253 && dnsSubdomain.test(value);

function checkGateway(gateway: GatewaySettings, ingress: IngressSettings, report: Report): void {
  const { name, namespace, listener, redirectListener, port } = gateway;
  const at = (field: string): string => `platform.ingress.gateway.${field}`;
  const named = { name, namespace, listener, redirectListener };
  for (const [field, value] of Object.entries(named))
    report(
      at(field),
      value === undefined || (field === "namespace" ? dnsLabel.test(value) : isName(value)),
      "must be a name in Kubernetes: lower case letters, digits, '-' and '.'",
    );
  report(
    at("listener"),
    listener === undefined || ingress.tls === undefined,
    "must not be set together with platform.ingress.tls: the instance then has a listener of its own",
  );
  report(
    at("redirectListener"),
    redirectListener === undefined || redirectListener !== (listener ?? defaultListener),
    "must be another listener than the one for HTTPS",
  );
  report(at("port"), isCount(port ?? 1, 65535), "must be a port");
  report(
    at("port"),
    port === undefined || ingress.tls !== undefined,
    "belongs to platform.ingress.tls: without it the instance has no listener of its own",
  );
  for (const field of ["scheme", "groupName", "groupTemporaryStorage", "dnsZoneId"] as const)
    report(
      `platform.ingress.${field}`,
      ingress[field] === undefined,
      "belongs to className: a Gateway's owner decides that for the Gateway",
    );
}

function checkTls(tls: IngressTls, report: Report): void {
  report("platform.ingress.tls.source", isOneOf(TlsSource, tls.source), oneOf(TlsSource));
  const fields: Record<TlsSource, (keyof typeof tls)[]> = {
    pem: ["certificate", "privateKey"],
    certManager: ["clusterIssuer"],
    secret: ["secretName"],
    acm: ["certificateArn"],
  };
  if (!isOneOf(TlsSource, tls.source)) return;
  for (const [source, names] of Object.entries(fields)) {
    for (const field of names) {
      const isSet = tls[field] !== undefined && tls[field] !== "";
      if (source === tls.source)
        report(`platform.ingress.tls.${field}`, isSet, `must be set for source ${source}`);
      // Under the source's path: the engine prints the value beside a path, and one of these is a
      // private key.
      else
        report(
          "platform.ingress.tls.source",
          !isSet,
          `is ${tls.source}, but ${field} belongs to source ${source}`,
        );
    }
  }
}
