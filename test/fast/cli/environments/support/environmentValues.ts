import { expect } from "vitest";
import { parse } from "yaml";
import { parseEnvironment } from "../../../../../program/environment/environment.ts";
import type { SecretKey } from "../../../../../program/values/secretKeys.ts";

// Answers for a new environment, as flags without their dashes, and what became of them.

const image = `registry.example.com/tracking-server:3.17.2@sha256:${"a1".repeat(32)}`;

export const existing = {
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

export const aws = {
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

export const without = (
  values: Record<string, string>,
  ...names: string[]
): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

/**
 * The environment in a stack file that was written, as the program reads it, with exactly these
 * secrets set.
 */
export function environmentIn(text: string | undefined, secrets: readonly SecretKey[]) {
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
