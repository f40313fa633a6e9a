import {
  IngressController,
  LoadBalancerScheme,
  PodIdentityMethod,
  StorageClasses,
  Tier,
} from "../enums.ts";
import type { NamedArgs } from "./namedArgs.ts";
import type { PodIdentity } from "../platformSettings.ts";
import { arnParts, isAtAws } from "./arns.ts";
import { idRules } from "./idRules.ts";
import { isOneOf, oneOf, plain, reportId, type Report } from "./problems.ts";
import { parseBytes } from "./quantities.ts";
import { isTagValue, tagRule } from "./syntax.ts";
import { tierDefaults } from "./tiers.ts";
import { sharedStorage } from "./timeouts.ts";

/** Who reaches the bucket, and as whom: keys or roles, and never half of either. */
export function checkAccess(args: NamedArgs, report: Report): void {
  const { objectStore, podIdentity } = args.platform;
  const hasKeys = args.bucketCredentials !== undefined;
  report(
    "bucketCredentials",
    hasKeys || podIdentity !== undefined,
    "must be set, or platform.podIdentity: exactly one of the two",
  );
  // Under the roles' path: the engine prints the value beside a path, and the others are keys.
  report(
    "platform.podIdentity",
    !(hasKeys && podIdentity !== undefined),
    "must not be set together with bucketCredentials: exactly one of the two",
  );
  if (podIdentity === undefined) return;
  // An empty owner has its own problem.
  report("owner", args.owner === "" || isTagValue(args.owner), tagRule);
  report("costCenter", args.costCenter === undefined || isTagValue(args.costCenter), tagRule);
  report(
    "platform.podIdentity",
    args.maintenanceCredentials === undefined,
    "must not be set together with maintenanceCredentials: it makes a role for them itself",
  );
  objectStore.adminPrincipals.forEach((principal, index) => {
    const role =
      "must be the ARN of a role, arn:aws:iam::<account>:role/…: a policy sees the role behind a session and no session";
    report(
      `platform.objectStore.adminPrincipals[${index}]`,
      typeof principal !== "string" || isRoleOrUser(principal),
      role,
    );
  });
  // Roles have policies of their own, so the bucket's only refuses.
  const saysSomething = objectStore.denyOthers !== false || objectStore.tlsOnly !== false;
  report(
    "platform.objectStore.denyOthers",
    saysSomething,
    "must not be false together with platform.objectStore.tlsOnly: S3 takes no policy that says nothing",
  );
  checkPodIdentity(podIdentity, report);
}

/** What `aws:PrincipalArn` can hold; the ARN of an account's root is there the root user alone. */
function isRoleOrUser(arn: string): boolean {
  const parts = arnParts(arn);
  return parts?.service === "iam" && /^(?:role|user)\/./.test(parts.resource);
}

function checkPodIdentity(identity: PodIdentity, report: Report): void {
  const { method, oidcProviderArn, clusterName, permissionsBoundaryArn, rolePath } = identity;
  report(
    "platform.podIdentity.method",
    isOneOf(PodIdentityMethod, method),
    oneOf(PodIdentityMethod),
  );
  if (isOneOf(PodIdentityMethod, method)) {
    const isIrsa = method === PodIdentityMethod.Irsa;
    const provider = isIrsa
      ? "must be set for method irsa"
      : "belongs to method irsa: the two exclude each other";
    report(
      "platform.podIdentity.oidcProviderArn",
      isIrsa === (oidcProviderArn !== undefined),
      provider,
    );
    const cluster = isIrsa
      ? "belongs to method podIdentity: the two exclude each other"
      : "must be set for method podIdentity";
    report("platform.podIdentity.clusterName", isIrsa === (clusterName === undefined), cluster);
  }
  const ids = { oidcProviderArn, clusterName, permissionsBoundaryArn };
  for (const field of ["oidcProviderArn", "clusterName", "permissionsBoundaryArn"] as const)
    reportId(report, `platform.podIdentity.${field}`, ids[field], idRules[field]);
  report(
    "platform.podIdentity.rolePath",
    rolePath === undefined || /^\/(?:[\x21-\x7e]{1,510}\/)?$/.test(rolePath),
    "must begin and end with '/' and hold no blanks",
  );
}

/** What only some stores can do. */
export function checkStoreFeatures({ platform: { objectStore } }: NamedArgs, report: Report): void {
  const { kmsKeyArn, storageClasses } = objectStore;
  report(
    "platform.objectStore.kmsKeyArn",
    kmsKeyArn === undefined || objectStore.encryption !== false,
    "needs platform.objectStore.encryption",
  );
  reportId(report, "platform.objectStore.kmsKeyArn", kmsKeyArn, idRules.kmsKeyArn);
  const key = arnParts(plain(kmsKeyArn) ?? "");
  report(
    "platform.objectStore.kmsKeyArn",
    key === undefined || key.region === objectStore.region,
    `is a key of ${key?.region}, but the store is in ${objectStore.region}: S3 encrypts with keys of the bucket's own region only`,
  );
  if (storageClasses === undefined) return;
  report(
    "platform.objectStore.storageClasses",
    isOneOf(StorageClasses, storageClasses),
    oneOf(StorageClasses),
  );
  report(
    "platform.objectStore.storageClasses",
    objectStore.lifecycle !== false || storageClasses === StorageClasses.Standard,
    "needs platform.objectStore.lifecycle, whose rules move the objects",
  );
}

/** What belongs to a load balancer of AWS and its names. */
export function checkLoadBalancer(args: NamedArgs, report: Report): void {
  const { objectStore, podIdentity, ingress } = args.platform;
  const { controller, scheme, groupName, groupTemporaryStorage, dnsZoneId, tls } = ingress;
  const isAlb = controller === IngressController.Alb;
  report(
    "platform.ingress.controller",
    controller === undefined || isOneOf(IngressController, controller),
    oneOf(IngressController),
  );
  report(
    "platform.ingress.scheme",
    scheme === undefined || isOneOf(LoadBalancerScheme, scheme),
    oneOf(LoadBalancerScheme),
  );
  report("platform.ingress.scheme", scheme === undefined || isAlb, "belongs to controller alb");
  report(
    "platform.ingress.groupName",
    groupName === undefined || isAlb,
    "belongs to controller alb",
  );
  report(
    "platform.ingress.groupName",
    groupName === undefined || /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(groupName),
    "must be 1 to 63 lower case letters, digits, '-' and '.'",
  );
  report(
    "platform.ingress.groupTemporaryStorage",
    groupTemporaryStorage === undefined || parseBytes(groupTemporaryStorage) !== undefined,
    "must be a quantity of bytes such as 20Gi",
  );
  report(
    "platform.ingress.groupTemporaryStorage",
    groupTemporaryStorage === undefined || groupName !== undefined,
    "belongs to platform.ingress.groupName",
  );
  const shared = sharedStorage(ingress);
  // Whose tier is wrong has no default to compare.
  const tier = args.tier ?? Tier.Standard;
  const own =
    args.temporaryStorage ?? (isOneOf(Tier, tier) ? tierDefaults(tier).temporaryStorage : "");
  report(
    "temporaryStorage",
    shared === undefined || !(Number(parseBytes(own)) > Number(parseBytes(shared))),
    `must be at most ${shared}, platform.ingress.groupTemporaryStorage: the group's one load balancer waits for uploads of that size and no longer`,
  );
  reportId(report, "platform.ingress.dnsZoneId", dnsZoneId, idRules.dnsZoneId);
  if (tls === undefined) return;
  const isAcm = tls.source === "acm";
  const isIngress = ingress.gateway === undefined;
  report(
    "platform.ingress.tls.source",
    (isAlb && isIngress) || !isAcm,
    isIngress
      ? "acm needs controller alb: no other controller reads certificates of AWS Certificate Manager"
      : "acm needs className: a Gateway's own listener has such a certificate, and tls is not set then",
  );
  report(
    "platform.ingress.tls.source",
    isAcm || !isAlb || !isIngress,
    "must be acm with controller alb, which reads no certificate from a Kubernetes secret",
  );
  const certificateArn = plain(tls.certificateArn);
  if (!isAcm || certificateArn === undefined || certificateArn === "") return;
  const path = "platform.ingress.tls.certificateArn";
  reportId(report, path, certificateArn, idRules.certificateArn);
  const region = arnParts(certificateArn)?.region;
  report(
    path,
    !idRules.certificateArn.holds(certificateArn) ||
      region === objectStore.region ||
      !isAtAws(objectStore, podIdentity !== undefined),
    `is a certificate of ${region}, but the load balancer is in ${objectStore.region}`,
  );
}
