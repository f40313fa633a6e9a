import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseEnvironment } from "../../../../program/environment/environment.ts";
import { secretKeys, type SecretKey } from "../../../../program/values/secretKeys.ts";
import { flags, project, scripted, type } from "../support/project.ts";

const image = `registry.example.com/tracking-server:3.17.2@sha256:${"a1".repeat(32)}`;

const existing = {
  kind: "existing",
  domain: "mlflow.example.com",
  kubeconfig: "/home/deploy/.kube/config",
  context: "onprem",
  "database-host": "10.20.0.5",
  "database-admin": "mlflow_admin",
  "max-connections": "200",
  "store-endpoint": "https://10.20.0.6:9000",
  "store-region": "eu01",
  "store-access-key-id": "ADMIN",
  "store-features": "versioning,lifecycle",
  "ingress-controller": "nginx",
  "ingress-namespace": "ingress-nginx",
  tls: "certManager",
  "cluster-issuer": "letsencrypt",
  image,
};

const aws = {
  kind: "aws",
  domain: "mlflow.example.com",
  account: "011122223333",
  region: "eu-central-1",
  cluster: "mlflow",
  "pod-identity": "irsa",
  "oidc-provider-arn":
    "arn:aws:iam::011122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
  "admin-role-arns": "arn:aws:iam::011122223333:role/deploy",
  vpc: "vpc-0123456789abcdef0",
  "vpc-cidrs": "10.0.0.0/16",
  "rds-owner": "platform@example.com",
  "rds-instance-class": "db.t4g.medium",
  "rds-subnets": "subnet-0123456789abcdef0, subnet-0123456789abcdef1",
  "rds-clients": "sg-0123456789abcdef0",
  "rds-max-connections": "300",
  "ingress-controller": "alb",
  "certificate-arn":
    "arn:aws:acm:eu-central-1:011122223333:certificate/12345678-1234-1234-1234-123456789012",
  image,
};

const without = (values: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

/**
 * The environment in a stack file that was written, as the program reads it, with exactly these
 * secrets set.
 */
function environmentIn(text: string | undefined, secrets: readonly SecretKey[]) {
  const { config } = parse(text ?? "") as { config: Record<string, unknown> };
  expect(config["pulumi:disable-default-providers"]).toEqual(["*"]);
  const keys = new Map<string, { secret: boolean; plain?: string }>(
    secrets.map((key) => [key, { secret: true }]),
  );
  keys.set("environment", {
    secret: false,
    plain: JSON.stringify(config["mlflow-instances:environment"]),
  });
  const { environment, problems } = parseEnvironment({ stack: "eu", keys });
  expect(problems).toEqual([]);
  return environment!;
}

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
    ["aws with a server made here", aws, []],
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

describe("nothing is written", () => {
  const refusedBy = async (
    name: string[],
    values: Record<string, string>,
    files: Record<string, string> = {},
  ) => {
    const made = project(files);
    const before = made.files();
    const { refused, output } = await type(made, ["new-environment", ...name, ...flags(values)]);
    expect(made.files()).toEqual(before);
    expect(output).toBe("");
    return refused;
  };

  test("without a terminal, all that is missing is said at once, with its question and its choices", async () => {
    expect(await refusedBy(["eu"], without(existing, "domain", "image", "store-features"))).toMatch(
      /^Values are missing that have no good default \(on a terminal they are asked for\); nothing was written:\n {2}--domain <domain>: Domain of the instances[^\n]+\n {2}--store-features <features>: [^\n]+\(any of versioning, lifecycle, encryption, publicAccessBlock, policyConditions, objectOwnership\)\n {2}--image <reference>: [^\n]+$/,
    );
    expect(await refusedBy([], {})).toMatch(
      / {2}<name>: Name of the environment[^\n]+\n {2}--kind <kind>: /,
    );
  });

  test("all that is wrong is said at once, each of its flag", async () => {
    const wrong = {
      ...existing,
      "max-connections": "10",
      "store-endpoint": "http://10.20.0.6",
      image: "tracking-server:latest",
    };
    expect(await refusedBy(["eu"], wrong)).toBe(
      [
        "Wrong values; nothing was written:",
        "  --max-connections (platform.postgresql.maxConnections): is 10, less than 20",
        "  --store-endpoint (platform.objectStore.endpoint): is not an https:// address",
        "  --image (platform.image): has neither a digest nor an exact tag (latest is none)",
      ].join("\n"),
    );
  });

  test("a name is asked for its addresses, because network policies open no names", async () => {
    expect(await refusedBy(["eu"], { ...existing, "database-host": "pg.example.com" })).toMatch(
      / {2}--database-cidrs <ranges>: /,
    );
  });

  test("what has no meaning is not known as long as something is missing", async () => {
    expect(
      await refusedBy(["eu"], { ...without(existing, "kind"), account: "011122223333" }),
    ).not.toMatch(/--account/);
  });

  test("a value that has no meaning beside the others is refused, and not forgotten", async () => {
    expect(await refusedBy(["eu"], { ...existing, account: "011122223333" })).toMatch(
      / {2}--account: has no meaning beside the other values; leave it out$/,
    );
  });

  test.each([
    ["pr-12", /review environment of a pull request/],
    ["local", /embedded platform/],
    ["example", /template/],
    ["Eu", /lower-case/],
    ["a-name-of-more-than-twenty", /1 to 20/],
  ])("%s is no name of an environment", async (name, words) => {
    expect(await refusedBy([name], existing)).toMatch(words);
  });

  test("over a file that is there", async () => {
    expect(await refusedBy(["eu"], existing, { "stacks/Pulumi.eu.yaml": "config: {}\n" })).toMatch(
      / {2}<name>: is there already \(stacks\/Pulumi\.eu\.yaml\)/,
    );
  });

  test("with a context that the kubeconfig hasn't got", async () => {
    const made = project({ kubeconfig: "contexts: [{ name: one }, { name: two }]\n" });
    const values = { ...existing, kubeconfig: join(made.root, "kubeconfig") };
    expect((await type(made, ["new-environment", "eu", ...flags(values)])).refused).toMatch(
      / {2}--context: onprem is not one of one, two$/,
    );
  });
});

describe("on a terminal", () => {
  test("only what has no good default is asked; contexts are offered, and a wrong answer is refused at once", async () => {
    const made = project({ kubeconfig: "contexts: [{ name: one }, { name: two }]\n" });
    const asker = scripted({
      "Path of the kubeconfig": join(made.root, "kubeconfig"),
      "Context in it": "two",
      "max_connections of the server": ["12", "lots", "150"],
      IngressClass: "nginx",
      "What the store can do": ["versioning"],
    });
    const given = without(existing, "kubeconfig", "context", "max-connections", "store-features");
    const { refused } = await type(made, ["new-environment", "eu", ...flags(given)], { asker });
    expect(refused).toBeUndefined();
    expect(asker.asked.map(({ question }) => question.split(/[,;]/, 1)[0])).toEqual([
      "Path of the kubeconfig",
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
