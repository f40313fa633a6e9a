import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import {
  awsInstanceArgs,
  awsPlatformArgs,
  eksPodIdentity,
  instanceTypes,
  irsa,
  kmsKeyArn,
  newInstance,
} from "../../support/instance.ts";
import { runWithMocks, type MockRun } from "../../support/mocks.ts";
import { account, run } from "./awsInstanceRun.ts";

// Registrations only: that AWS takes them, and what the roles then can do, is shown against the
// emulator in test/engine.
const namesOf = ({ registrations }: MockRun, prefix: string) =>
  registrations
    .filter(({ custom, type }) => custom && type.startsWith(prefix))
    .map(({ type, name }) => `${type} ${name}`)
    .sort();

const bucketParts = [
  "aws:s3/bucket:Bucket fraud-detector-bucket",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration fraud-detector-bucket-lifecycle",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls fraud-detector-bucket-ownership",
  "aws:s3/bucketPolicy:BucketPolicy fraud-detector-bucket-policy",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock fraud-detector-bucket-public-access",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration fraud-detector-bucket-encryption",
  "aws:s3/bucketVersioning:BucketVersioning fraud-detector-bucket-versioning",
];
const roles = [
  "aws:iam/role:Role fraud-detector-maintenance-role",
  "aws:iam/role:Role fraud-detector-server-role",
  "aws:iam/rolePolicy:RolePolicy fraud-detector-maintenance-role-policy",
  "aws:iam/rolePolicy:RolePolicy fraud-detector-server-role-policy",
];

describe("an instance on AWS registers of AWS exactly", () => {
  test("its bucket with everything on and two roles, with IRSA", async () => {
    expect(namesOf(await run(), "aws:")).toEqual([...roles, ...bucketParts].sort());
  });

  test("the associations of its three accounts on top, with EKS Pod Identity", async () => {
    const associations = ["retention", "server", "stale-runs"].map(
      (account) =>
        `aws:eks/podIdentityAssociation:PodIdentityAssociation fraud-detector-${account}-association`,
    );
    expect(namesOf(await run({}, { podIdentity: eksPodIdentity }), "aws:")).toEqual(
      [...associations, ...roles, ...bucketParts].sort(),
    );
  });

  test("one association more for the final dump, and no record of a host that nobody serves", async () => {
    const deletion = await run(
      { prepareDeletion: true },
      {
        podIdentity: eksPodIdentity,
        ingress: { ...awsPlatformArgs().ingress, dnsZoneId: "Z0123456789ABC" },
      },
    );
    expect(namesOf(deletion, "aws:eks/").length).toBe(4);
    expect(deletion.one("fraud-detector-final-dump-association").inputs).toMatchObject({
      serviceAccount: "final-dump",
      roleArn: `${account}-server`,
    });
    expect(namesOf(deletion, "aws:route53/")).toEqual([]);
  });

  test("no database server: that belongs to the environment", async () => {
    expect(namesOf(await run({}, { podIdentity: eksPodIdentity }), "aws:rds/")).toEqual([]);
  });
});

test("the network lets the server reach the public addresses of AWS, the VPC's database and nothing else of the VPC but HTTPS", async () => {
  const { one } = await run();
  const { egress } = one("fraud-detector-server-network").inputs.spec;
  expect(egress.map(({ ports }: any) => ports.map(({ port }: any) => port))).toEqual([
    [53, 53],
    [5432],
    [443],
  ]);
  expect(egress[1].to).toEqual([{ ipBlock: { cidr: "10.0.0.0/16" } }]);
});

test("the database is sorted by code points and knows letters as the server's operating system names them", async () => {
  const postgresql = { ...awsPlatformArgs().postgresql, characterType: "en_US.UTF-8" };
  const { one } = await run({}, { postgresql });
  expect(one("fraud-detector-database").inputs).toMatchObject({
    encoding: "UTF8",
    template: "template0",
    lcCollate: "C",
    lcCtype: "en_US.UTF-8",
  });
});

test("a server that is made in the same program gives its host later", async () => {
  const postgresql = {
    ...awsPlatformArgs().postgresql,
    host: pulumi.output(Promise.resolve("made.rds.amazonaws.com")),
  };
  const { one } = await run({}, { postgresql });
  expect(one("fraud-detector-credentials").inputs.stringData["backend-store-uri"]).toContain(
    "@made.rds.amazonaws.com:5432/",
  );
});

// Presence decides the tree, so a preview shows the same one before anything of it exists.
test("ids of what the same program makes may be unknown in a preview, and are used when they are known", async () => {
  const later = (value: string): pulumi.Output<string> =>
    pulumi.runtime.isDryRun()
      ? new (pulumi.Output as any)(
          new Set(),
          Promise.resolve(pulumi.unknown as unknown as string),
          Promise.resolve(false),
          Promise.resolve(false),
          Promise.resolve(new Set()),
        )
      : pulumi.output(Promise.resolve(value));
  const given = awsPlatformArgs();
  const { certificateArn } = given.ingress.tls as { certificateArn: string };
  const made = (podIdentity: MlflowPlatformArgs["podIdentity"]) => ({
    ...given,
    podIdentity: {
      ...podIdentity!,
      permissionsBoundaryArn: later("arn:aws:iam::123456789012:policy/b"),
    },
    objectStore: { ...given.objectStore, kmsKeyArn: later(kmsKeyArn) },
    postgresql: { ...given.postgresql, host: later("made.rds.amazonaws.com") },
    ingress: {
      ...given.ingress,
      dnsZoneId: later("Z0123456789ABC"),
      tls: { source: "acm" as const, certificateArn: later(certificateArn) },
    },
    network: {
      databaseCidrs: [later("10.1.0.0/16")],
      endpointCidrs: [later("10.1.0.0/16")],
      ingressCidrs: [later("10.2.0.0/16")],
    },
  });
  for (const identity of [
    () => ({ method: "irsa" as const, oidcProviderArn: later(irsa.oidcProviderArn) }),
    () => ({ method: "podIdentity" as const, clusterName: later("made") }),
  ]) {
    const program = () => newInstance(awsInstanceArgs({}, made(identity())));
    const up = await runWithMocks(instanceTypes, program);
    const preview = await runWithMocks(instanceTypes, program, true);
    const names = (of: MockRun) => of.registrations.map(({ type, name }) => `${type} ${name}`);
    expect(names(preview).sort()).toEqual(names(up).sort());
    const policy = (name: string) => up.one(`fraud-detector-${name}`).inputs;
    expect(policy("server-role").assumeRolePolicy).toMatch(/oidc-provider|"made"/);
    expect(policy("server-role-policy").policy).toContain(kmsKeyArn);
    expect(policy("server-network").spec.egress[1].to).toEqual([
      { ipBlock: { cidr: "10.1.0.0/16" } },
    ]);
    expect(
      policy("ingress").metadata.annotations["alb.ingress.kubernetes.io/certificate-arn"],
    ).toBe(certificateArn);
  }
});

test("every resource has a parent of the instance and the provider that was given for it", async () => {
  const { registrations } = await run(
    {},
    {
      podIdentity: eksPodIdentity,
      ingress: { ...awsPlatformArgs().ingress, dnsZoneId: "Z0123456789ABC" },
    },
  );
  const aws = registrations.filter(({ type }) => type.startsWith("aws:"));
  expect(aws.length).toBe(15);
  for (const { name, provider, parent } of aws) {
    expect(provider, name).toContain("::the-object-store::");
    expect(parent, name).toContain("mlflow-instances:index:MlflowInstance::");
  }
});
