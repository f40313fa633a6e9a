import { describe, expect, test } from "vitest";
import { eksPodIdentity, irsa } from "../../support/instance.ts";
import type { MockRun } from "../../support/mocks.ts";
import { account, run } from "./awsInstanceRun.ts";

// Which roles an instance on AWS has, and how its pods take them on; the rest of it is in the
// other awsInstance files.

describe("the roles", () => {
  test("are named after instance and environment, and lie under their path and boundary", async () => {
    const boundary = "arn:aws:iam::123456789012:policy/boundary";
    const { one } = await run(
      { costCenter: "4711" },
      { podIdentity: { ...irsa, permissionsBoundaryArn: boundary, rolePath: "/platform/" } },
    );
    for (const job of ["server", "maintenance"]) {
      expect(one(`fraud-detector-${job}-role`).inputs).toMatchObject({
        name: `mlflow-prod-fraud-detector-${job}`,
        path: "/platform/",
        permissionsBoundary: boundary,
        tags: {
          "app.kubernetes.io/instance": "fraud-detector",
          "mlflow-instances/environment": "prod",
          "cost-center": "4711",
        },
      });
      expect(one(`fraud-detector-${job}-role-policy`).inputs).toMatchObject({
        role: `mlflow-prod-fraud-detector-${job}`,
        name: "artifact-bucket",
      });
    }
  });

  test("have no boundary unless one is given, and the project's own path", async () => {
    const { one } = await run();
    expect(one("fraud-detector-server-role").inputs).not.toHaveProperty("permissionsBoundary");
    expect(one("fraud-detector-server-role").inputs.path).toBe("/mlflow-instances/");
  });

  test("are associated with the accounts that pods really have, in the instance's own namespace", async () => {
    const { one } = await run({}, { podIdentity: eksPodIdentity });
    for (const [association, job, workload] of [
      ["server", "server", one("fraud-detector-server").inputs.spec.template],
      [
        "retention",
        "maintenance",
        one("fraud-detector-retention").inputs.spec.jobTemplate.spec.template,
      ],
      [
        "stale-runs",
        "maintenance",
        one("fraud-detector-stale-runs").inputs.spec.jobTemplate.spec.template,
      ],
    ] as const) {
      expect(one(`fraud-detector-${association}-association`).inputs).toMatchObject({
        clusterName: "mlflow-prod",
        namespace: "mlflow-fraud-detector",
        serviceAccount: workload.spec.serviceAccountName,
        roleArn: `${account}-${job}`,
      });
    }
  });

  test("are trusted for the accounts that pods really have", async () => {
    const dump = await run({ prepareDeletion: true });
    const { one } = await run();
    const subjects = (name: string) =>
      JSON.parse(one(name).inputs.assumeRolePolicy).Statement[0].Condition.StringEquals[
        "oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF:sub"
      ];
    const pods = (...specs: any[]) =>
      specs.map(
        ({ serviceAccountName }) =>
          `system:serviceaccount:mlflow-fraud-detector:${serviceAccountName}`,
      );
    expect(subjects("fraud-detector-server-role")).toEqual(
      pods(
        one("fraud-detector-server").inputs.spec.template.spec,
        dump.one("fraud-detector-final-dump").inputs.spec.template.spec,
      ),
    );
    expect(subjects("fraud-detector-maintenance-role")).toEqual(
      pods(
        one("fraud-detector-retention").inputs.spec.jobTemplate.spec.template.spec,
        one("fraud-detector-stale-runs").inputs.spec.jobTemplate.spec.template.spec,
      ),
    );
  });

  test("exist with their policies and associations before the first pod", async () => {
    const { one } = await run({}, { podIdentity: eksPodIdentity });
    const waitsFor = one("fraud-detector-migration").dependencies.map((urn) =>
      urn.split("::").at(-1),
    );
    expect(waitsFor).toEqual(
      expect.arrayContaining(
        [
          "server-role-policy",
          "maintenance-role-policy",
          "server-association",
          "retention-association",
          "stale-runs-association",
        ].map((noun) => `fraud-detector-${noun}`),
      ),
    );
  });
});

describe("the pods", () => {
  const pods = ({ one }: MockRun) =>
    [
      ["server", one("fraud-detector-server").inputs.spec.template.spec],
      ["maintenance", one("fraud-detector-retention").inputs.spec.jobTemplate.spec.template.spec],
      ["maintenance", one("fraud-detector-stale-runs").inputs.spec.jobTemplate.spec.template.spec],
    ] as const;

  test("take on their role with a token for AWS alone, which says so on their account, too", async () => {
    const aws = await run();
    for (const [job, spec] of pods(aws)) {
      const [container] = spec.containers;
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.volumes.filter(({ projected }: any) => projected !== undefined)).toEqual([
        {
          name: "aws-iam-token",
          projected: {
            sources: [
              {
                serviceAccountToken: {
                  audience: "sts.amazonaws.com",
                  expirationSeconds: 86400,
                  path: "token",
                },
              },
            ],
          },
        },
      ]);
      expect(container.volumeMounts).toContainEqual({
        name: "aws-iam-token",
        mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount",
        readOnly: true,
      });
      expect(container.env).toEqual(
        expect.arrayContaining([
          { name: "AWS_ROLE_ARN", value: `${account}-${job}` },
          {
            name: "AWS_WEB_IDENTITY_TOKEN_FILE",
            value: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
          },
        ]),
      );
      const owner = aws
        .all("kubernetes:core/v1:ServiceAccount")
        .filter(({ inputs }) => inputs.metadata.name === spec.serviceAccountName);
      expect(owner.map(({ inputs }) => inputs.metadata.annotations)).toEqual([
        { "eks.amazonaws.com/role-arn": `${account}-${job}` },
      ]);
    }
    // The migration talks to the database only.
    expect(JSON.stringify(aws.one("fraud-detector-migration").inputs.spec)).not.toContain("AWS_");
  });

  test("leave it to EKS with its own Pod Identity: no token, no role in the pod or on the account", async () => {
    const eks = await run({}, { podIdentity: eksPodIdentity });
    for (const [, spec] of pods(eks)) {
      expect(JSON.stringify(spec)).not.toMatch(/AWS_ROLE_ARN|aws-iam-token|projected/);
      expect(spec.automountServiceAccountToken).toBe(false);
    }
    for (const { inputs } of eks.all("kubernetes:core/v1:ServiceAccount"))
      expect(inputs.metadata).not.toHaveProperty("annotations");
  });

  test.each([
    ["IRSA", irsa],
    ["EKS Pod Identity", eksPodIdentity],
  ])(
    "find no key anywhere with %s: not in a Secret, a variable or a ConfigMap",
    async (_name, identity) => {
      for (const prepareDeletion of [false, true]) {
        const aws = await run({ prepareDeletion }, { podIdentity: identity });
        const text = JSON.stringify(aws.registrations.map(({ inputs }) => inputs));
        expect(text).not.toMatch(/access[-_ ]?key/i);
        const credentials = aws
          .all("kubernetes:core/v1:Secret")
          .filter(({ name }) => name.endsWith("credentials"));
        expect(credentials.length).toBeGreaterThan(0);
        for (const { name, inputs } of credentials) {
          // The server's own keys, and none of AWS.
          const maintenance = /retention|stale-runs/.test(name);
          const own = maintenance ? [] : ["key-encryption-passphrase", "webhook-encryption-key"];
          expect(Object.keys(inputs.stringData).toSorted()).toEqual(["backend-store-uri", ...own]);
        }
        expect(aws.all("aws:iam/accessKey:AccessKey")).toEqual([]);
      }
    },
  );

  test("trust the database's authorities for the database, and the public ones for AWS", async () => {
    const { one } = await run();
    const [container] = one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(container.env.map(({ name }: any) => name)).not.toContain("AWS_CA_BUNDLE");
    expect(one("fraud-detector-credentials").inputs.stringData["backend-store-uri"]).toContain(
      "sslrootcert=%2Fetc%2Fmlflow-instance%2Fca%2Fca.crt",
    );
  });
});
