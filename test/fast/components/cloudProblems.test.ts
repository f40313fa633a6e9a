import { describe, expect, test } from "vitest";
import type { MlflowInstanceArgs } from "@mlflow-instances/components/model";
import { problemsOf } from "../../../components/internal/validation.ts";
import {
  awsInstanceArgs,
  eksPodIdentity,
  instanceArgs,
  irsa,
  kmsKeyArn,
} from "../../support/instance.ts";

const base = awsInstanceArgs();
const keys = instanceArgs();
const problems = (args: MlflowInstanceArgs | Record<string, unknown>) =>
  problemsOf(args as MlflowInstanceArgs);
const without = (args: MlflowInstanceArgs, ...names: (keyof MlflowInstanceArgs)[]) =>
  Object.fromEntries(Object.entries(args).filter(([name]) => !(names as string[]).includes(name)));
const acm = base.ingress.tls;
const issued = { source: "certManager", clusterIssuer: "letsencrypt" };

test("valid arguments on AWS have no problem, with either method and in every tier", () => {
  for (const tier of ["sandbox", "standard", "production"] as const) {
    for (const podIdentity of [irsa, eksPodIdentity]) {
      const bucket = { ...base.bucket, kmsKeyArn, storageClasses: "transitions" } as const;
      const ingress = {
        ...base.ingress,
        scheme: "internetFacing",
        groupName: "mlflow",
        dnsZoneId: "Z0123456789ABC",
      } as const;
      const rolePath = "/mlflow/prod/";
      const permissionsBoundaryArn = "arn:aws:iam::aws:policy/Boundary";
      const all = { ...podIdentity, rolePath, permissionsBoundaryArn };
      expect(problems(awsInstanceArgs({ tier, podIdentity: all, bucket, ingress }))).toEqual([]);
    }
  }
});

test("an instance with a load balancer of its own has uploads of any size, and one that shares it those that the group waits for", () => {
  const ingress = { ...base.ingress, groupName: "mlflow" };
  expect(problems({ ...base, temporaryStorage: "50Gi" })).toEqual([]);
  expect(problems({ ...base, ingress, temporaryStorage: "20Gi" })).toEqual([]);
  expect(
    problems({
      ...base,
      ingress: { ...ingress, groupTemporaryStorage: "80Gi" },
      temporaryStorage: "80Gi",
    }),
  ).toEqual([]);
});

describe("keys or roles, exactly one of them", () => {
  test.each<[string, string, Record<string, unknown>]>([
    ["neither", "bucketCredentials", without(base, "podIdentity")],
    ["both", "podIdentity", { ...keys, podIdentity: irsa, bucket: { ...base.bucket } }],
    [
      "keys without their principal",
      "bucket.instancePrincipal",
      { ...keys, bucket: { ...keys.bucket, instancePrincipal: undefined } },
    ],
    [
      "roles with a principal of a user",
      "bucket.instancePrincipal",
      { ...base, bucket: { ...base.bucket, instancePrincipal: "user" } },
    ],
    [
      "roles with a second user",
      "bucket.maintenancePrincipal",
      { ...base, bucket: { ...base.bucket, maintenancePrincipal: "user" } },
    ],
    [
      "roles with a second key",
      "maintenanceCredentials",
      { ...base, maintenanceCredentials: { accessKeyId: "a", secretAccessKey: "s" } },
    ],
  ])("%s", (_what, path, args) => {
    expect(problems(args).map(({ propertyPath }) => propertyPath)).toContain(path);
  });

  test("a secret is never beside a path whose value the engine prints", () => {
    const both = problems({ ...keys, podIdentity: irsa });
    expect(both.map(({ propertyPath }) => propertyPath)).not.toContain("bucketCredentials");
  });
});

describe("each wrong argument of AWS is reported with its path", () => {
  const identity = (podIdentity: Record<string, unknown>) => ({ ...base, podIdentity });
  const bucket = (changes: Record<string, unknown>) => ({
    ...base,
    bucket: { ...base.bucket, ...changes },
  });
  const ingress = (changes: Record<string, unknown>) => ({
    ...base,
    ingress: { ...base.ingress, ...changes },
  });
  const network = (changes: Record<string, unknown>) => ({
    ...base,
    network: { ...base.network, ...changes },
  });
  test.each<[string, Record<string, unknown>, string]>([
    ["podIdentity.method", identity({ method: "kiam" }), "must be one of irsa, podIdentity"],
    ["podIdentity.oidcProviderArn", identity({ method: "irsa" }), "must be set for method irsa"],
    [
      "podIdentity.clusterName",
      identity({ method: "podIdentity" }),
      "must be set for method podIdentity",
    ],
    ["podIdentity.clusterName", identity({ ...irsa, clusterName: "c" }), "exclude each other"],
    [
      "podIdentity.oidcProviderArn",
      identity({ method: "podIdentity", clusterName: "c", oidcProviderArn: irsa.oidcProviderArn }),
      "exclude each other",
    ],
    [
      "podIdentity.oidcProviderArn",
      identity({ method: "irsa", oidcProviderArn: "https://oidc.eks.example.com" }),
      "oidc-provider/",
    ],
    [
      "podIdentity.oidcProviderArn",
      identity({ method: "irsa", oidcProviderArn: "arn:aws:iam::123456789012:role/r" }),
      "oidc-provider/",
    ],
    [
      "podIdentity.clusterName",
      identity({ method: "podIdentity", clusterName: "arn:aws:eks:x" }),
      "name of an EKS cluster",
    ],
    [
      "podIdentity.permissionsBoundaryArn",
      identity({ ...irsa, permissionsBoundaryArn: "Boundary" }),
      "ARN of a policy",
    ],
    ["podIdentity.rolePath", identity({ ...irsa, rolePath: "mlflow" }), "begin and end with '/'"],
    ["podIdentity.rolePath", identity({ ...irsa, rolePath: "/ml flow/" }), "no blanks"],
    // Tags of the roles, too, which IAM would refuse when the namespace is there already.
    ["owner", { ...base, owner: "Fraud team, Berlin" }, "as RDS and IAM take them in a tag"],
    ["costCenter", { ...base, costCenter: "4711;" }, "as RDS and IAM take them in a tag"],
    ["costCenter", { ...base, costCenter: "" }, "as RDS and IAM take them in a tag"],
    [
      "bucket.adminPrincipals[1]",
      bucket({ adminPrincipals: ["arn:aws:iam::123456789012:role/a", "deploy"] }),
      "ARN of a role",
    ],
    // Sessions come and go; a policy that names one locks everybody else out, and later this one,
    // too.
    [
      "bucket.adminPrincipals[0]",
      bucket({ adminPrincipals: ["arn:aws:sts::123456789012:assumed-role/a/session"] }),
      "no session",
    ],
    [
      "bucket.adminPrincipals[0]",
      bucket({ adminPrincipals: ["arn:aws:iam::123456789012:role/*"] }),
      "ARN of a role",
    ],
    // To the condition on a principal's ARN this is the root user alone, and not the account:
    // whoever runs Pulumi would be locked out.
    [
      "bucket.adminPrincipals[0]",
      bucket({ adminPrincipals: ["arn:aws:iam::123456789012:root"] }),
      "ARN of a role",
    ],
    [
      "bucket.adminPrincipals[0]",
      bucket({ adminPrincipals: ["arn:aws:iam::123456789012:policy/admins"] }),
      "ARN of a role",
    ],
    [
      "bucket.denyOthers",
      bucket({ denyOthers: false, tlsOnly: false }),
      "must not be false together with bucket.tlsOnly",
    ],
    ["bucket.kmsKeyArn", bucket({ kmsKeyArn: "alias/mlflow" }), "ARN of a key"],
    [
      "bucket.kmsKeyArn",
      bucket({ kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:alias/mlflow" }),
      "of no alias",
    ],
    [
      "bucket.kmsKeyArn",
      bucket({ kmsKeyArn: kmsKeyArn.replace("eu-central-1", "us-east-1") }),
      "is a key of us-east-1, but the bucket is in eu-central-1",
    ],
    ["bucket.kmsKeyArn", bucket({ kmsKeyArn, encryption: false }), "needs bucket.encryption"],
    [
      "bucket.storageClasses",
      bucket({ storageClasses: "glacier" }),
      "must be one of standard, transitions, intelligentTiering",
    ],
    [
      "bucket.storageClasses",
      bucket({ storageClasses: "transitions", lifecycle: false }),
      "needs bucket.lifecycle",
    ],
    [
      "ingress.controller",
      ingress({ controller: "haproxy", tls: issued }),
      "must be one of alb, traefik, nginx",
    ],
    ["ingress.scheme", ingress({ scheme: "public" }), "must be one of internal, internetFacing"],
    [
      "ingress.scheme",
      ingress({ controller: "nginx", tls: issued, scheme: "internal" }),
      "belongs to controller alb",
    ],
    [
      "ingress.groupName",
      ingress({ controller: "nginx", tls: issued, groupName: "g" }),
      "belongs to controller alb",
    ],
    ["ingress.groupName", ingress({ groupName: "My Group" }), "lower case"],
    [
      "temporaryStorage",
      { ...ingress({ groupName: "mlflow" }), temporaryStorage: "21Gi" },
      "must be at most 20Gi",
    ],
    // Of an instance that says none, the tier's.
    [
      "temporaryStorage",
      { ...ingress({ groupName: "mlflow", groupTemporaryStorage: "5Gi" }), tier: "standard" },
      "must be at most 5Gi",
    ],
    [
      "ingress.groupTemporaryStorage",
      ingress({ groupName: "mlflow", groupTemporaryStorage: "much" }),
      "quantity of bytes",
    ],
    [
      "ingress.groupTemporaryStorage",
      ingress({ groupTemporaryStorage: "80Gi" }),
      "belongs to ingress.groupName",
    ],
    ["ingress.dnsZoneId", ingress({ dnsZoneId: "example.com" }), "id of a hosted zone"],
    ["ingress.tls.source", ingress({ controller: "nginx" }), "acm needs controller alb"],
    ["ingress.tls.source", ingress({ controller: undefined }), "acm needs controller alb"],
    ["ingress.tls.source", ingress({ tls: issued }), "must be acm with controller alb"],
    [
      "ingress.tls.certificateArn",
      ingress({ tls: { source: "acm" } }),
      "must be set for source acm",
    ],
    [
      "ingress.tls.certificateArn",
      ingress({ tls: { source: "acm", certificateArn: "c" } }),
      "ARN of a certificate",
    ],
    [
      "ingress.tls.certificateArn",
      ingress({
        tls: { ...acm, certificateArn: acm.certificateArn!.replace("eu-central-1", "us-east-1") },
      }),
      "is a certificate of us-east-1, but the load balancer is in eu-central-1",
    ],
    [
      "ingress.tls.source",
      ingress({ controller: "nginx", tls: { ...issued, certificateArn: acm.certificateArn } }),
      "belongs to source acm",
    ],
    [
      "network.objectStoreCidrs",
      { ...network({}), bucket: { ...base.bucket, endpoint: "https://s3.example.com" } },
      "must be set for a bucket.endpoint",
    ],
    ["network.objectStoreCidrs", network({ objectStoreCidrs: [] }), "must name at least one CIDR"],
    ["network.endpointCidrs[0]", network({ endpointCidrs: ["10.0.0.0"] }), "must be a CIDR"],
  ])("%s: %#", (path, args, reason) => {
    const found = problems(args).filter(({ propertyPath }) => propertyPath === path);
    expect(found.map((problem) => problem.reason).join("\n")).toContain(reason);
  });

  test("and everything at once", () => {
    const args = {
      ...base,
      podIdentity: { method: "irsa", clusterName: "c" },
      bucket: { ...base.bucket, kmsKeyArn: "k", storageClasses: "x" },
      ingress: { ...base.ingress, groupName: "", tls: { source: "acm" } },
    };
    expect(problems(args).map(({ propertyPath }) => propertyPath)).toEqual([
      "podIdentity.oidcProviderArn",
      "podIdentity.clusterName",
      "bucket.kmsKeyArn",
      "bucket.storageClasses",
      "ingress.groupName",
      "ingress.tls.certificateArn",
    ]);
  });
});

test("without roles, owner and cost centre go where more characters pass", () => {
  expect(problems({ ...keys, owner: "Fraud team, Berlin", costCenter: "4711;" })).toEqual([]);
});

test("a user of IAM may administer a bucket as a role does", () => {
  const adminPrincipals = ["arn:aws:iam::123456789012:user/platform/ci"];
  expect(problems(awsInstanceArgs({ bucket: { ...base.bucket, adminPrincipals } }))).toEqual([]);
});

test("a policy that says one of its two refusals is enough", () => {
  for (const only of [{ denyOthers: false }, { tlsOnly: false }])
    expect(problems(awsInstanceArgs({ bucket: { ...base.bucket, ...only } }))).toEqual([]);
});

test("the region of another store says nothing about where the load balancer is", () => {
  const bucket = { ...keys.bucket, region: "eu01" };
  expect(problems({ ...keys, bucket, ingress: base.ingress })).toEqual([]);
});

test("a host that is an output can't be looked into, and is none", () => {
  expect(
    problems(awsInstanceArgs({ database: { ...base.database, host: Promise.resolve("h") } })),
  ).toEqual([]);
});
