import { listOf, type Answers, type Field } from "../../form.ts";
import { onAws } from "./words.ts";

const onAlb = (answers: Answers): boolean =>
  onAws(answers) && answers["ingress-controller"] === "alb";
const isKnown = (answers: Answers): boolean => answers["ingress-controller"] !== undefined;
const atGateway = (answers: Answers): boolean => answers["gateway"] !== undefined;
const ofLoadBalancer = (answers: Answers): boolean => onAlb(answers) && !atGateway(answers);
const inCluster = (answers: Answers): boolean => isKnown(answers) && !onAlb(answers);
const tlsIs =
  (source: string) =>
  (answers: Answers): boolean =>
    answers["tls"] === source;
const at = (...path: string[]): readonly string[] => ["platform", "ingress", ...path];

const listener = "listener";
const ownCertificates = ["certManager", "secret", "pem"];

/** How the instances are reached. */
export const ingressFields: readonly Field[] = [
  {
    flag: "--ingress-controller <controller>",
    question: "Ingress controller: alb is the AWS Load Balancer Controller",
    path: at("controller"),
    applies: (answers) => answers["kind"] !== undefined,
    choices: (answers) =>
      onAws(answers) ? ["alb", "traefik", "nginx"] : ["traefik", "nginx", "other"],
    // Of another controller no annotation is known.
    value: (answer) => (answer === "other" ? undefined : answer),
  },
  {
    flag: "--gateway <namespace/name>",
    question: "Gateway (Gateway API) that serves the instances, instead of an IngressClass",
    path: at("gateway"),
    applies: isKnown,
    value: (answer) => {
      const [namespace, name] = answer.split("/");
      return { name, namespace };
    },
    problem: (answer) =>
      /^[^/]+\/[^/]+$/.test(answer)
        ? undefined
        : "is not <namespace>/<name>, such as gateways/public",
    optional: true,
  },
  {
    flag: "--gateway-listener <name>",
    question: "Its listener for HTTPS, with a certificate for *.<domain> (default: https)",
    path: at("gateway", "listener"),
    applies: atGateway,
    optional: true,
  },
  {
    flag: "--gateway-redirect <name>",
    question: "Its listener for plain HTTP, where each instance leads to HTTPS (default: none)",
    path: at("gateway", "redirectListener"),
    applies: atGateway,
    optional: true,
  },
  {
    flag: "--ingress-class <name>",
    question: "IngressClass that serves the instances",
    path: at("className"),
    applies: (answers) => isKnown(answers) && !atGateway(answers),
    fallback: (answers) =>
      answers["ingress-controller"] === "other" ? undefined : answers["ingress-controller"],
    asked: true,
  },
  {
    flag: "--ingress-cidrs <ranges>",
    question:
      "Addresses of the controller, instead of a namespace, where it runs outside the pod network",
    path: at("controllerCidrs"),
    value: listOf,
    optional: true,
  },
  {
    flag: "--ingress-namespace <namespace>",
    question: "Namespace of the controller's pods: the only ones that reach an instance",
    path: at("controllerNamespace"),
    applies: (answers) => inCluster(answers) && answers["ingress-cidrs"] === undefined,
  },
  {
    flag: "--ingress-scheme <scheme>",
    question: "internal: reachable inside the VPC; internetFacing: from everywhere",
    path: at("scheme"),
    choices: () => ["internal", "internetFacing"],
    fallback: () => "internal",
    applies: ofLoadBalancer,
  },
  {
    flag: "--ingress-group <name>",
    question: "Load balancer that the instances share (default: one for each)",
    path: at("groupName"),
    optional: true,
    applies: ofLoadBalancer,
  },
  {
    flag: "--ingress-group-storage <size>",
    question:
      "Largest temporaryStorage of an instance in that group, whose load balancer waits for uploads of that size (default: 20Gi)",
    path: at("groupTemporaryStorage"),
    optional: true,
    applies: (answers) => ofLoadBalancer(answers) && answers["ingress-group"] !== undefined,
  },
  {
    flag: "--dns-zone <id>",
    question: "Route 53 zone for a record of each host (default: none)",
    path: at("dnsZoneId"),
    optional: true,
    applies: (answers) => onAws(answers) && !atGateway(answers),
  },
  {
    flag: "--tls <source>",
    question:
      "Where certificates come from: cert-manager, a Secret that is there, a PEM pair, or the Gateway's listener",
    path: at("tls", "source"),
    applies: isKnown,
    choices: (answers) =>
      atGateway(answers)
        ? [listener, ...ownCertificates]
        : onAlb(answers)
          ? ["acm"]
          : ownCertificates,
    fallback: (answers) => (atGateway(answers) ? listener : onAlb(answers) ? "acm" : undefined),
    // The Gateway has it, and the environment says nothing of it.
    value: (answer) => (answer === listener ? undefined : answer),
  },
  {
    flag: "--certificate-arn <arn>",
    question: "ARN of the certificate in ACM for *.<domain>",
    path: at("tls", "certificateArn"),
    applies: tlsIs("acm"),
  },
  {
    flag: "--cluster-issuer <name>",
    question: "cert-manager's ClusterIssuer",
    path: at("tls", "clusterIssuer"),
    applies: tlsIs("certManager"),
  },
  {
    flag: "--tls-secret <name>",
    question: "Name of the TLS Secret in each namespace",
    path: at("tls", "name"),
    applies: tlsIs("secret"),
  },
];
