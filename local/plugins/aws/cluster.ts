// `aws.eks.getCluster`, as far as a kubeconfig and the checks of an environment need it.
import { UserError } from "../shared/provider.ts";
import { asText } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import type { Connection } from "./connection.ts";
import { given } from "./inputs.ts";
import { find } from "./serviceErrors.ts";

export async function eksCluster(connection: Connection, args: Properties): Promise<Properties> {
  const { DescribeClusterCommand, EKSClient } = await import("@aws-sdk/client-eks");
  const client = new EKSClient(connection.clientSettings("eks"));
  const name = asText(args["name"]);
  try {
    const service = { kind: "EKS", where: connection.where("eks") };
    const found = await find(
      service,
      `can't read EKS cluster "${name}"`,
      ["ResourceNotFoundException"],
      () => client.send(new DescribeClusterCommand({ name })),
    );
    const cluster = found?.cluster;
    if (!cluster)
      throw new UserError(`there is no EKS cluster "${name}" in ${connection.where("eks")}`);
    return given({
      id: name,
      name,
      region: connection.region,
      arn: cluster.arn,
      endpoint: cluster.endpoint,
      certificateAuthorities: [{ data: cluster.certificateAuthority?.data ?? "" }],
      identities: [{ oidcs: [{ issuer: cluster.identity?.oidc?.issuer ?? "" }] }],
      status: cluster.status,
      version: cluster.version,
      roleArn: cluster.roleArn,
    });
  } finally {
    client.destroy();
  }
}
