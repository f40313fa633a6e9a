/** An EKS cluster as AWS describes it. */
export interface EksCluster {
  readonly name: string;
  /** Address of its API server. */
  readonly endpoint: string;
  /** Its authority's certificate, base64 of PEM. */
  readonly authority: string;
}

/** With whose credentials, and where. */
export interface Who {
  readonly region: string;
  readonly profile?: string | undefined;
}

/**
 * A kubeconfig for an EKS cluster with no secret in it: each login asks the AWS command line for a
 * token, with the credentials of the user who runs this. The profile is an argument and no variable:
 * it holds whatever the shell says.
 */
export function eksKubeconfig(
  { name, endpoint, authority }: EksCluster,
  { region, profile }: Who,
): string {
  const args = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"];
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: profile === undefined ? args : [...args, "--profile", profile],
    interactiveMode: "Never",
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": authority } }],
    users: [{ name, user: { exec } }],
  });
}
