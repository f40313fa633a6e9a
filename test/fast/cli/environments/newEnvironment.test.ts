import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { secretKeys, type SecretKey } from "../../../../program/values/secretKeys.ts";
import { flags, project, scripted, type } from "../support/project.ts";
import { aws, environmentIn, existing, without } from "./support/environmentValues.ts";

const commandsFor = (output: string): string[] =>
  Object.keys(secretKeys).filter((key) =>
    new RegExp(`pulumi config set --secret --stack eu ${key} `).test(output),
  );

describe("with every value as a flag, and no terminal", () => {
  test.each<[string, Record<string, string>, SecretKey[]]>([
    [
      "existing, cert-manager",
      existing,
      ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys"],
    ],
    [
      "existing, a PEM pair",
      { ...without(existing, "cluster-issuer"), tls: "pem" },
      [
        "postgresqlAdminPassword",
        "objectStoreSecretAccessKey",
        "tlsCertificate",
        "tlsPrivateKey",
        "artifactStoreKeys",
      ],
    ],
    [
      "existing, at a Gateway whose listener has the certificate",
      {
        ...without(existing, "cluster-issuer", "tls"),
        gateway: "gateways/public",
        "gateway-redirect": "http",
      },
      ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys"],
    ],
    [
      "existing, at a Gateway with a certificate for each instance",
      { ...existing, gateway: "gateways/public" },
      ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys"],
    ],
    ["aws with a server made here", aws, []],
    ["aws at a Gateway", { ...without(aws, "certificate-arn"), gateway: "gateways/public" }, []],
    [
      "aws with a given server",
      {
        ...without(aws, ...Object.keys(aws).filter((name) => name.startsWith("rds-"))),
        database: "given",
        "database-host": "10.0.1.5",
        "database-admin": "mlflow_admin",
        "max-connections": "200",
      },
      ["postgresqlAdminPassword"],
    ],
  ])(
    "%s: the file is right, and the commands are for exactly the secrets that it needs",
    async (_what, values, secrets) => {
      const { root, files, read } = project();
      const { output, refused } = await type({ root }, ["new-environment", "eu", ...flags(values)]);
      expect(refused).toBeUndefined();
      expect(files()).toEqual([
        "stacks/Pulumi.eu.yaml",
        "stacks/instances/eu/.gitkeep",
        "stacks/rollout.yaml",
      ]);
      environmentIn(read("stacks/Pulumi.eu.yaml"), secrets);
      expect(commandsFor(output).sort()).toEqual([...secrets].sort());
      expect(output).toMatch(
        /^written: stacks\/Pulumi\.eu\.yaml\nstacks\/rollout\.yaml: eu is the last stage.*\nnext:\n {2}pulumi stack init eu /,
      );
      expect(output).toMatch(
        / {2}npx mlflow-instances new-instance --stack eu\n {2}npx mlflow-instances preview eu\n$/,
      );
    },
  );

  test("the values stand where they belong", async () => {
    const { root, read } = project();
    await type({ root }, [
      "new-environment",
      "eu",
      ...flags({
        ...aws,
        "kms-key-arn": "arn:aws:kms:eu-central-1:011122223333:key/1",
        "rds-multi-az": "false",
      }),
    ]);
    expect(environmentIn(read("stacks/Pulumi.eu.yaml"), []).platform).toMatchObject({
      accountId: "011122223333",
      kubernetes: { clusterName: "mlflow" },
      podIdentity: { irsa: { oidcProviderArn: aws["oidc-provider-arn"] } },
      adminRoleArns: [aws["admin-role-arns"]],
      database: {
        rds: {
          subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
          multiAz: false,
          engineVersion: "16",
          maxConnections: 300,
        },
      },
      artifactStore: {
        bucketPrefix: "mlflow-011122223333-eu",
        kmsKeyArn: "arn:aws:kms:eu-central-1:011122223333:key/1",
      },
      ingress: { className: "alb", controller: "alb", scheme: "internal", tls: { source: "acm" } },
    });
  });

  test("a context of a kubeconfig on AWS, with EKS Pod Identity", async () => {
    const { root, read } = project();
    const values = {
      ...without(aws, "cluster", "oidc-provider-arn"),
      "cluster-by": "context",
      kubeconfig: "/nowhere",
      context: "eu",
      "pod-identity": "eks",
    };
    expect((await type({ root }, ["new-environment", "eu", ...flags(values)])).refused).toMatch(
      /--pod-identity-cluster <name>: /,
    );
    await type({ root }, [
      "new-environment",
      "eu",
      ...flags({ ...values, "pod-identity-cluster": "mlflow" }),
    ]);
    expect(environmentIn(read("stacks/Pulumi.eu.yaml"), []).platform).toMatchObject({
      kubernetes: { kubeconfig: "/nowhere", context: "eu" },
      podIdentity: { eks: { clusterName: "mlflow" } },
    });
  });

  test("the usual kubeconfig is the shell's", async () => {
    const { root, read } = project();
    await type({ root }, ["new-environment", "eu", ...flags(without(existing, "kubeconfig"))], {
      env: { HOME: "/home/me", KUBECONFIG: ":/etc/one:/etc/two" },
    });
    expect(read("stacks/Pulumi.eu.yaml")).toContain("kubeconfig: /etc/one\n");
  });

  test("certificates of a private authority come from a file", async () => {
    const { root, write, read } = project();
    const pem = "-----BEGIN CERTIFICATE-----\nZml4dHVyZQ==\n-----END CERTIFICATE-----\n";
    write("ca.pem", pem);
    expect(
      (
        await type({ root }, [
          "new-environment",
          "eu",
          ...flags({ ...existing, "ca-bundle": "/nowhere/ca.pem" }),
        ])
      ).refused,
    ).toMatch(/--ca-bundle: there is no such file/);
    await type({ root }, [
      "new-environment",
      "eu",
      ...flags({ ...existing, "ca-bundle": join(root, "ca.pem") }),
    ]);
    const platform = environmentIn(read("stacks/Pulumi.eu.yaml"), [
      "postgresqlAdminPassword",
      "objectStoreSecretAccessKey",
      "artifactStoreKeys",
    ]).platform;
    expect(platform.caBundle).toBe(pem);
  });
});

describe("on a terminal", () => {
  test("only what has no good default is asked; contexts are offered, and a wrong answer is refused at once", async () => {
    const made = project({ kubeconfig: "contexts: [{ name: one }, { name: two }]\n" });
    const asker = scripted({
      "Path of the kubeconfig on the machine that deploys": join(made.root, "kubeconfig"),
      "Context in it": "two",
      "max_connections of the server": ["12", "lots", "150"],
      IngressClass: "nginx",
      "What the store can do": ["versioning"],
    });
    const given = without(existing, "kubeconfig", "context", "max-connections", "store-features");
    const { refused } = await type(made, ["new-environment", "eu", ...flags(given)], { asker });
    expect(refused).toBeUndefined();
    expect(asker.asked.map(({ question }) => question.split(/[,;]/, 1)[0])).toEqual([
      "Path of the kubeconfig on the machine that deploys",
      "Context in it",
      "max_connections of the server",
      "What the store can do",
      "IngressClass that serves the instances",
    ]);
    expect(asker.asked[0]?.suggestion).toBe("/home/of-nobody/.kube/config");
    expect(asker.asked[1]?.choices).toEqual(["one", "two"]);
    expect(asker.refused).toEqual([
      "max_connections of the server: is 12, less than 20",
      expect.stringMatching(/expected a (whole )?number/),
    ]);
    expect(parse(made.read("stacks/Pulumi.eu.yaml")!)).toMatchObject({
      config: {
        "mlflow-instances:environment": {
          platform: {
            kubernetes: { context: "two" },
            objectStore: {
              features: { versioning: true, lifecycle: false, objectOwnership: false },
            },
            postgresql: {
              maxConnections: 150,
              port: 5432,
              sslMode: "verify-full",
              superuser: false,
            },
          },
        },
      },
    });
  });

  test("whoever leaves in the middle has written nothing", async () => {
    const made = project();
    const asker = scripted({});
    const { refused } = await type(
      made,
      ["new-environment", "eu", ...flags(without(existing, "image"))],
      { asker },
    );
    expect(refused).toMatch(/nobody expected the question/);
    expect(made.files()).toEqual([]);
  });
});
