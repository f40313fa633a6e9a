import { z } from "zod";
import { strict } from "../../values/problems.ts";
import { size } from "../../values/units.ts";
import { expected, show } from "../../values/wrongValue.ts";
import { arn, kmsKeyArn } from "./arn.ts";
import { rdsSchema } from "./rds.ts";
import type { ClusterByContext } from "../kind.ts";
import { ingressSchema } from "../ingressSchema.ts";
import * as shared from "../shared.ts";

// AWS: an EKS cluster that exists, S3, RDS or a given server, and a role for each instance instead
// of keys.

const clusterName = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/, { error: expected("the name of an EKS cluster") });

const kubernetesSchema = strict({
  kubeconfig: shared.kubeconfig.optional(),
  context: shared.kubeContext.optional(),
  clusterName: clusterName
    .optional()
    .describe(
      "Name of the EKS cluster, instead of kubeconfig and context: AWS is asked for its address, and `aws eks get-token` for each login.",
    ),
})
  .superRefine(({ kubeconfig, context, clusterName }, issues) => {
    const add = (path: string[], message: string) =>
      issues.addIssue({ code: "custom", path, message });
    if (clusterName === undefined) {
      if (kubeconfig === undefined && context === undefined)
        add([], "names no cluster: either clusterName, or kubeconfig and context");
      else if (kubeconfig === undefined) add(["kubeconfig"], "is missing");
      else if (context === undefined) add(["context"], "is missing");
    } else if (kubeconfig !== undefined || context !== undefined)
      add([], "has clusterName and a kubeconfig: two names for one cluster; take one away");
  })
  .transform((value) => value as ClusterByContext | ClusterByName);

/** An EKS cluster by its name. */
export interface ClusterByName {
  readonly clusterName: string;
  readonly kubeconfig?: undefined;
  readonly context?: undefined;
}

const podIdentitySchema = shared.exactlyOne(
  {
    irsa: strict({
      oidcProviderArn: arn(
        "iam",
        "oidc-provider/",
        "oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE",
      ).describe("ARN of the cluster's OIDC provider in IAM."),
    }).describe("Roles for service accounts: the cluster's OIDC provider vouches for the pods."),
    eks: strict({
      clusterName: clusterName
        .optional()
        .describe("Name of the EKS cluster. Default: kubernetes.clusterName."),
    }).describe(
      "EKS Pod Identity: the agent on each node hands out the credentials; the add-on eks-pod-identity-agent has to run.",
    ),
  },
  "pod identity and IRSA both; a pod takes its role by one way, remove the other",
);

/** Keys of `artifactStore.endpoints`, as the provider names these services. */
const endpointServices = [
  "s3",
  "iam",
  "sts",
  "rds",
  "ec2",
  "eks",
  "kms",
  "secretsmanager",
  "route53",
] as const;
export type EndpointService = (typeof endpointServices)[number];

const endpointOf = (service: EndpointService) =>
  shared
    .httpsUrl("credentials come from the profile or the environment, never from here")
    .optional()
    .describe(
      `Address of ${service} for this program${service === "s3" ? " and the pods" : ""}. Default: the region's public one.`,
    );
const endpointsShape = Object.fromEntries(
  endpointServices.map((service) => [service, endpointOf(service)]),
) as Record<EndpointService, ReturnType<typeof endpointOf>>;

const artifactStoreSchema = strict({
  kmsKeyArn: kmsKeyArn
    .optional()
    .describe(
      "KMS key that encrypts the buckets, with a bucket key; in the same region and account. Default: S3's own keys.",
    ),
  storageClasses: z
    .enum(["standard", "transitions", "intelligentTiering"])
    .optional()
    .describe(
      "standard: objects stay as they are. transitions: STANDARD_IA after 90 days, GLACIER_IR after 365. intelligentTiering: S3 decides. Each is read at once. Default: standard.",
    ),
  bucketPrefix: shared.bucketPrefix,
  endpoints: strict(endpointsShape)
    .optional()
    .describe(
      "Other addresses of AWS' services: a VPC's interface endpoints, or an emulator in tests. Default: the public ones.",
    ),
});

const tlsSchema = z.discriminatedUnion("source", [
  strict({
    source: z.literal("acm"),
    certificateArn: arn(
      "acm",
      "certificate/",
      "certificate/12345678-1234-1234-1234-123456789012",
    ).describe("Certificate in ACM, in the environment's region, for *.<domain>."),
  }).describe("A certificate in ACM, which the load balancer shows."),
  ...shared.tlsSources,
]);

const awsIngressSchema = ingressSchema({
  controller: z
    .enum(["alb", "traefik", "nginx"])
    .describe(
      "Whose annotations the ingresses carry: AWS Load Balancer Controller, Traefik or ingress-nginx.",
    ),
  scheme: z
    .enum(["internal", "internetFacing"])
    .optional()
    .describe(
      "alb: whether the load balancer has public addresses. Default: internal. A change replaces the load balancer.",
    ),
  groupName: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, {
      error: expected("1 to 63 lower-case letters, digits, hyphens and dots"),
    })
    .optional()
    .describe(
      "alb: the instances share the load balancer of this group. Default: one for each instance.",
    ),
  groupTemporaryStorage: size
    .optional()
    .describe(
      "alb with groupName: the largest temporaryStorage of an instance; the load balancer waits for uploads of that size. Default: 20Gi.",
    ),
  dnsZoneId: z
    .string()
    .regex(/^Z[A-Z0-9]{5,31}$/, {
      error: expected("the id of a hosted zone, such as Z0123456789ABCDEFGHIJ"),
    })
    .optional()
    .describe(
      "Route 53 zone in which each instance's host gets a record. Default: none; a wildcard record has to be there.",
    ),
  tls: tlsSchema
    .optional()
    .describe(
      "Where the certificates come from. Default with gateway: its listener has one; if set, each instance has a ListenerSet of its own.",
    ),
});

const noAdmin =
  "the bucket policies deny every principal that they do not list; add the role that runs Pulumi";

export const awsPlatformSchema = strict({
  kind: z.literal("aws").describe("An EKS cluster in an AWS account, with S3 and RDS."),
  accountId: z
    .string({
      error: (issue) =>
        issue.input === undefined
          ? "is missing"
          : `is ${show(issue.input)}, not a text; write the 12 digits in quotes, such as "123456789012" (a leading zero counts)`,
    })
    .regex(/^[0-9]{12}$/, { error: expected("the 12 digits of an account") })
    .describe("Account that everything belongs to; credentials of any other are refused."),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+){1,2}-[0-9]$/, { error: expected("a region such as eu-central-1") })
    .describe("Region of cluster, database and buckets. Changing it replaces them."),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Profile in the AWS configuration of the machine that runs Pulumi. Default: the ambient credentials, as in a pipeline.",
    ),
  kubernetes: kubernetesSchema.describe("The EKS cluster."),
  podIdentity: podIdentitySchema.describe("How the instances' pods get their roles."),
  permissionsBoundaryArn: arn("iam", "policy/", "policy/boundary")
    .optional()
    .describe("Permissions boundary of the instances' roles. Default: none."),
  adminRoleArns: z
    .array(arn("iam", "role/", "role/deploy").describe("ARN of a role, without a session."), {
      error: (issue) => (issue.input === undefined ? `is missing: ${noAdmin}` : undefined),
    })
    .min(1, { error: `is empty: ${noAdmin}` })
    .describe(
      "Roles that may use the buckets besides the instances' own. Include the role that runs Pulumi; every other principal is denied.",
    ),
  vpc: strict({
    id: z
      .string()
      .regex(/^vpc-[0-9a-f]{8,17}$/, {
        error: expected("the id of a VPC, such as vpc-0123456789abcdef0"),
      })
      .describe("Its id."),
    cidrs: shared.cidrs.describe(
      "Its address ranges: where the database and the load balancers are.",
    ),
  }).describe("The VPC of the cluster."),
  database: shared
    .exactlyOne(
      {
        rds: rdsSchema.describe("An RDS server of the environment, made here."),
        given: shared.postgresqlSchema.describe("A server that exists, version 14 or later."),
      },
      "one environment has one server; remove the other",
    )
    .describe("The PostgreSQL server."),
  artifactStore: artifactStoreSchema
    .optional()
    .describe("How the artifact buckets are. Default: encrypted by S3's own keys, class STANDARD."),
  ingress: awsIngressSchema.describe("How the instances are reached."),
  network: strict({
    databaseCidrs: shared.cidrs
      .optional()
      .describe(
        "Where PostgreSQL answers. Default: the VPC's ranges for a server made here, else database.given.host when that is an address.",
      ),
    objectStoreCidrs: shared.cidrs
      .optional()
      .describe(
        "Where S3 and STS answer. Default: anywhere, on port 443 only, for they have no fixed addresses; with endpoints.s3 only in the VPC, where STS then needs an endpoint, too.",
      ),
    ...shared.dnsShape,
  })
    .optional()
    .describe("What the pods may connect to."),
  ...shared.podsShape,
  caBundle: shared.pemBundle.describe(
    "PEM certificates of a private authority that signed a given database's certificate, as text. Those of RDS are known.",
  ),
});

export type AwsPlatform = z.output<typeof awsPlatformSchema>;

/** Name of the EKS cluster, where it is known. */
export const clusterNameOf = ({
  podIdentity,
  kubernetes,
}: Pick<AwsPlatform, "podIdentity" | "kubernetes">): string | undefined =>
  podIdentity.eks?.clusterName ?? kubernetes.clusterName;
