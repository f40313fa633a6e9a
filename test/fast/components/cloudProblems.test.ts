import { describe, expect, test } from "vitest";
import { instanceArgs, irsa, kmsKeyArn } from "../../support/instance.ts";
import { base, on, problems } from "./cloudArguments.ts";

// Arguments of AWS that are refused, each with its path and the reason.

const acm = base.ingress.tls;
const issued = { source: "certManager", clusterIssuer: "letsencrypt" };

describe("keys or roles, exactly one of them", () => {
  test.each<[string, string, unknown]>([
    ["neither", "bucketCredentials", on({ podIdentity: undefined })],
    ["both", "platform.podIdentity", instanceArgs({}, { podIdentity: irsa })],
    [
      "roles with a second key",
      "platform.podIdentity",
      on({}, { maintenanceCredentials: { accessKeyId: "a", secretAccessKey: "s" } }),
    ],
  ])("%s", (_what, path, args) => {
    expect(problems(args).map(({ propertyPath }) => propertyPath)).toContain(path);
  });

  test("a secret is never beside a path whose value the engine prints", () => {
    const paths = problems(instanceArgs({}, { podIdentity: irsa })).map(
      ({ propertyPath }) => propertyPath,
    );
    expect(paths.filter((path) => path.includes("Credentials"))).toEqual([]);
  });
});

describe("each wrong argument of AWS is reported with its path", () => {
  const identity = (podIdentity: Record<string, unknown>) => on({ podIdentity });
  const store = (changes: Record<string, unknown>) =>
    on({ objectStore: { ...base.objectStore, ...changes } });
  const ingress = (changes: Record<string, unknown>, args: Record<string, unknown> = {}) =>
    on({ ingress: { ...base.ingress, ...changes } }, args);
  const network = (changes: Record<string, unknown>) =>
    on({ network: { ...base.network, ...changes } });
  test.each<[string, unknown, string]>([
    [
      "platform.podIdentity.method",
      identity({ method: "kiam" }),
      "must be one of irsa, podIdentity",
    ],
    [
      "platform.podIdentity.oidcProviderArn",
      identity({ method: "irsa" }),
      "must be set for method irsa",
    ],
    [
      "platform.podIdentity.clusterName",
      identity({ method: "podIdentity" }),
      "must be set for method podIdentity",
    ],
    [
      "platform.podIdentity.clusterName",
      identity({ ...irsa, clusterName: "c" }),
      "exclude each other",
    ],
    [
      "platform.podIdentity.oidcProviderArn",
      identity({ method: "podIdentity", clusterName: "c", oidcProviderArn: irsa.oidcProviderArn }),
      "exclude each other",
    ],
    [
      "platform.podIdentity.oidcProviderArn",
      identity({ method: "irsa", oidcProviderArn: "https://oidc.eks.example.com" }),
      "oidc-provider/",
    ],
    [
      "platform.podIdentity.oidcProviderArn",
      identity({ method: "irsa", oidcProviderArn: "arn:aws:iam::123456789012:role/r" }),
      "oidc-provider/",
    ],
    [
      "platform.podIdentity.clusterName",
      identity({ method: "podIdentity", clusterName: "arn:aws:eks:x" }),
      "name of an EKS cluster",
    ],
    [
      "platform.podIdentity.permissionsBoundaryArn",
      identity({ ...irsa, permissionsBoundaryArn: "Boundary" }),
      "ARN of a policy",
    ],
    [
      "platform.podIdentity.rolePath",
      identity({ ...irsa, rolePath: "mlflow" }),
      "begin and end with '/'",
    ],
    ["platform.podIdentity.rolePath", identity({ ...irsa, rolePath: "/ml flow/" }), "no blanks"],
    // Tags of the roles, too, which IAM would refuse when the namespace is there already.
    ["owner", on({}, { owner: "Fraud team, Berlin" }), "as RDS and IAM take them in a tag"],
    ["costCenter", on({}, { costCenter: "4711;" }), "as RDS and IAM take them in a tag"],
    ["costCenter", on({}, { costCenter: "" }), "as RDS and IAM take them in a tag"],
    [
      "platform.objectStore.adminPrincipals[1]",
      store({ adminPrincipals: ["arn:aws:iam::123456789012:role/a", "deploy"] }),
      "ARN of a role",
    ],
    // Sessions come and go; a policy that names one locks everybody else out, and later this one,
    // too.
    [
      "platform.objectStore.adminPrincipals[0]",
      store({ adminPrincipals: ["arn:aws:sts::123456789012:assumed-role/a/session"] }),
      "no session",
    ],
    [
      "platform.objectStore.adminPrincipals[0]",
      store({ adminPrincipals: ["arn:aws:iam::123456789012:role/*"] }),
      "ARN of a role",
    ],
    // To the condition on a principal's ARN this is the root user alone, and not the account:
    // whoever runs Pulumi would be locked out.
    [
      "platform.objectStore.adminPrincipals[0]",
      store({ adminPrincipals: ["arn:aws:iam::123456789012:root"] }),
      "ARN of a role",
    ],
    [
      "platform.objectStore.adminPrincipals[0]",
      store({ adminPrincipals: ["arn:aws:iam::123456789012:policy/admins"] }),
      "ARN of a role",
    ],
    [
      "platform.objectStore.denyOthers",
      store({ denyOthers: false, tlsOnly: false }),
      "must not be false together with platform.objectStore.tlsOnly",
    ],
    ["platform.objectStore.kmsKeyArn", store({ kmsKeyArn: "alias/mlflow" }), "ARN of a key"],
    [
      "platform.objectStore.kmsKeyArn",
      store({ kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:alias/mlflow" }),
      "of no alias",
    ],
    [
      "platform.objectStore.kmsKeyArn",
      store({ kmsKeyArn: kmsKeyArn.replace("eu-central-1", "us-east-1") }),
      "is a key of us-east-1, but the store is in eu-central-1",
    ],
    [
      "platform.objectStore.kmsKeyArn",
      store({ kmsKeyArn, encryption: false }),
      "needs platform.objectStore.encryption",
    ],
    [
      "platform.objectStore.storageClasses",
      store({ storageClasses: "glacier" }),
      "must be one of standard, transitions, intelligentTiering",
    ],
    [
      "platform.objectStore.storageClasses",
      store({ storageClasses: "transitions", lifecycle: false }),
      "needs platform.objectStore.lifecycle",
    ],
    [
      "platform.ingress.controller",
      ingress({ controller: "haproxy", tls: issued }),
      "must be one of alb, traefik, nginx",
    ],
    [
      "platform.ingress.scheme",
      ingress({ scheme: "public" }),
      "must be one of internal, internetFacing",
    ],
    [
      "platform.ingress.scheme",
      ingress({ controller: "nginx", tls: issued, scheme: "internal" }),
      "belongs to controller alb",
    ],
    [
      "platform.ingress.groupName",
      ingress({ controller: "nginx", tls: issued, groupName: "g" }),
      "belongs to controller alb",
    ],
    ["platform.ingress.groupName", ingress({ groupName: "My Group" }), "lower case"],
    [
      "temporaryStorage",
      ingress({ groupName: "mlflow" }, { temporaryStorage: "21Gi" }),
      "must be at most 20Gi",
    ],
    // Of an instance that says none, the tier's.
    [
      "temporaryStorage",
      ingress({ groupName: "mlflow", groupTemporaryStorage: "5Gi" }, { tier: "standard" }),
      "must be at most 5Gi",
    ],
    [
      "platform.ingress.groupTemporaryStorage",
      ingress({ groupName: "mlflow", groupTemporaryStorage: "much" }),
      "quantity of bytes",
    ],
    [
      "platform.ingress.groupTemporaryStorage",
      ingress({ groupTemporaryStorage: "80Gi" }),
      "belongs to platform.ingress.groupName",
    ],
    ["platform.ingress.dnsZoneId", ingress({ dnsZoneId: "example.com" }), "id of a hosted zone"],
    ["platform.ingress.tls.source", ingress({ controller: "nginx" }), "acm needs controller alb"],
    ["platform.ingress.tls.source", ingress({ controller: undefined }), "acm needs controller alb"],
    ["platform.ingress.tls.source", ingress({ tls: issued }), "must be acm with controller alb"],
    [
      "platform.ingress.tls.certificateArn",
      ingress({ tls: { source: "acm" } }),
      "must be set for source acm",
    ],
    [
      "platform.ingress.tls.certificateArn",
      ingress({ tls: { source: "acm", certificateArn: "c" } }),
      "ARN of a certificate",
    ],
    [
      "platform.ingress.tls.certificateArn",
      ingress({
        tls: {
          ...acm,
          certificateArn: (acm!.certificateArn as string).replace("eu-central-1", "us-east-1"),
        },
      }),
      "is a certificate of us-east-1, but the load balancer is in eu-central-1",
    ],
    [
      "platform.ingress.tls.source",
      ingress({ controller: "nginx", tls: { ...issued, certificateArn: acm!.certificateArn } }),
      "belongs to source acm",
    ],
    [
      "platform.network.objectStoreCidrs",
      store({ endpoint: "https://s3.example.com" }),
      "must be set for a platform.objectStore.endpoint",
    ],
    [
      "platform.network.objectStoreCidrs",
      network({ objectStoreCidrs: [] }),
      "must name at least one CIDR",
    ],
    [
      "platform.network.endpointCidrs[0]",
      network({ endpointCidrs: ["10.0.0.0"] }),
      "must be a CIDR",
    ],
  ])("%s: %#", (path, args, reason) => {
    const found = problems(args).filter(({ propertyPath }) => propertyPath === path);
    expect(found.map((problem) => problem.reason).join("\n")).toContain(reason);
  });

  test("and everything at once", () => {
    const args = on({
      podIdentity: { method: "irsa", clusterName: "c" },
      objectStore: { ...base.objectStore, kmsKeyArn: "k", storageClasses: "x" },
      ingress: { ...base.ingress, groupName: "", tls: { source: "acm" } },
    });
    expect(problems(args).map(({ propertyPath }) => propertyPath)).toEqual([
      "platform.podIdentity.oidcProviderArn",
      "platform.podIdentity.clusterName",
      "platform.objectStore.kmsKeyArn",
      "platform.objectStore.storageClasses",
      "platform.ingress.groupName",
      "platform.ingress.tls.certificateArn",
    ]);
  });
});
