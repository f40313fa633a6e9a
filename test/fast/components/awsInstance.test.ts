import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { MlflowInstanceArgs, MlflowPlatformArgs } from "@mlflow-instances/components/internal";
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

// Registrations only: that AWS takes them, and what the roles then can do, is shown against the
// emulator in test/engine.
const run = (
  changes: Partial<MlflowInstanceArgs> = {},
  platform: Partial<MlflowPlatformArgs> = {},
) => runWithMocks(instanceTypes, () => newInstance(awsInstanceArgs(changes, platform)));
const namesOf = ({ registrations }: MockRun, prefix: string) =>
  registrations
    .filter(({ custom, type }) => custom && type.startsWith(prefix))
    .map(({ type, name }) => `${type} ${name}`)
    .sort();
const account = "arn:aws:iam::123456789012:role/mlflow-instances/mlflow-prod-fraud-detector";

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

describe("the bucket", () => {
  test("refuses plain HTTP and everybody but the two roles and the administrators, and grants nothing itself", async () => {
    const { one } = await run();
    const { Statement } = JSON.parse(one("fraud-detector-bucket-policy").inputs.policy);
    expect(Statement.map(({ Sid, Effect }: any) => [Sid, Effect])).toEqual([
      ["RefusePlainHttp", "Deny"],
      ["RefuseOthers", "Deny"],
    ]);
    expect(Statement[1].Condition).toEqual({
      StringNotEquals: {
        "aws:PrincipalArn": [
          `${account}-server`,
          `${account}-maintenance`,
          "arn:aws:iam::123456789012:role/deploy",
        ],
      },
    });
  });

  test("is in the same part of AWS for its policy and for the roles, also behind an endpoint in the VPC", async () => {
    const endpoint = "https://bucket.vpce-0a1b.s3.cn-north-1.vpce.amazonaws.com.cn";
    const { one } = await run(
      {},
      {
        objectStore: { ...awsPlatformArgs().objectStore, region: "cn-north-1", endpoint },
        ingress: { className: "nginx", tls: { source: "secret", secretName: "wildcard" } },
        network: { ...awsPlatformArgs().network, objectStoreCidrs: ["10.0.0.0/16"] },
      },
    );
    for (const name of ["bucket-policy", "server-role-policy", "maintenance-role-policy"]) {
      const { Statement } = JSON.parse(one(`fraud-detector-${name}`).inputs.policy);
      for (const arn of Statement.flatMap(({ Resource }: any) => Resource))
        expect(arn, name).toMatch(/^arn:aws-cn:s3:::/);
    }
  });

  test("belongs to its owner alone, is closed to the public and encrypted", async () => {
    const { one } = await run();
    expect(one("fraud-detector-bucket-ownership").inputs).toEqual({
      bucket: "mlflow-prod-fraud-detector",
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    expect(one("fraud-detector-bucket-encryption").inputs.rules).toEqual([
      { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
    ]);
  });

  test("is encrypted with the key that is given, which the roles may use through S3 and the server names", async () => {
    const aws = await run(
      {},
      {
        objectStore: {
          ...awsPlatformArgs().objectStore,
          kmsKeyArn,
          storageClasses: "intelligentTiering",
        },
      },
    );
    expect(aws.one("fraud-detector-bucket-encryption").inputs.rules).toEqual([
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
        bucketKeyEnabled: true,
      },
    ]);
    for (const job of ["server", "maintenance"]) {
      const { Statement } = JSON.parse(aws.one(`fraud-detector-${job}-role-policy`).inputs.policy);
      expect(Statement.at(-1)).toMatchObject({
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: [kmsKeyArn],
      });
    }
    const [server] = aws.one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.env).toContainEqual({
      name: "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
      value: JSON.stringify({ ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyArn }),
    });
    const rules: any[] = aws.one("fraud-detector-bucket-lifecycle").inputs.rules;
    expect(rules.flatMap(({ transitions = [] }) => transitions)).toEqual([
      { days: 0, storageClass: "INTELLIGENT_TIERING" },
    ]);
  });
});

describe("the way in", () => {
  test("is a load balancer that speaks TLS only, and the rollout waits for it", async () => {
    const { one, all } = await run();
    const { metadata, spec } = one("fraud-detector-ingress").inputs;
    expect(spec).not.toHaveProperty("tls");
    expect(spec.rules.map(({ host }: any) => host)).toEqual(["fraud-detector.mlflow.example.com"]);
    expect(metadata.annotations).toMatchObject({
      "pulumi.com/skipAwait": "true",
      "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
      "alb.ingress.kubernetes.io/certificate-arn":
        "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b",
    });
    expect(
      all("kubernetes:core/v1:Secret").filter(({ inputs }) => inputs.type === "kubernetes.io/tls"),
    ).toEqual([]);
    expect(one("fraud-detector-namespace").inputs.metadata.labels).toMatchObject({
      "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
    });
    const [server] = one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.lifecycle).toEqual({ preStop: { sleep: { seconds: 20 } } });
    // 5Gi of the sandbox tier at 20 MiB/s, and 15 s more.
    expect(server.env).toContainEqual({ name: "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS", value: "271" });
  });

  test("gets a record of its host in the zone, to the name of the load balancer, which is awaited", async () => {
    const { one } = await run(
      {},
      { ingress: { ...awsPlatformArgs().ingress, dnsZoneId: "Z0123456789ABC" } },
    );
    expect(one("fraud-detector-ingress").inputs.metadata.annotations).not.toHaveProperty(
      "pulumi.com/skipAwait",
    );
    expect(one("fraud-detector-dns-record").inputs).toEqual({
      zoneId: "Z0123456789ABC",
      name: "fraud-detector.mlflow.example.com",
      type: "CNAME",
      ttl: 60,
      records: ["k8s-mlflow-0a1b.eu-central-1.elb.amazonaws.com"],
    });
  });

  test("of a controller that only has an address gets an address record", async () => {
    const types = {
      ...instanceTypes,
      "kubernetes:networking.k8s.io/v1:Ingress": (inputs: any) => ({
        metadata: inputs.metadata,
        status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } },
      }),
    };
    const tls = { source: "secret", secretName: "wildcard" } as const;
    const ingress = {
      className: "nginx",
      controller: "nginx",
      tls,
      dnsZoneId: "Z0123456789ABC",
    } as const;
    const { one } = await runWithMocks(types, () => newInstance(awsInstanceArgs({}, { ingress })));
    expect(one("fraud-detector-dns-record").inputs).toMatchObject({
      type: "A",
      records: ["203.0.113.7"],
    });
    // No load balancer of AWS: nothing of it on the namespace or in the pod.
    expect(one("fraud-detector-namespace").inputs.metadata.labels).not.toHaveProperty(
      "elbv2.k8s.aws/pod-readiness-gate-inject",
    );
    const [server] = one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.env.map(({ name }: any) => name)).not.toContain(
      "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS",
    );
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
