import * as pulumi from "@pulumi/pulumi";
import { Provider as Aws } from "@pulumi/aws/provider.js";
import { Provider as Kubernetes } from "@pulumi/kubernetes/provider.js";
import { Provider as Postgresql } from "@pulumi/postgresql/provider.js";
import { Provider as Random } from "@pulumi/random/provider.js";

// What a generated SDK of the package does, in any language: it registers the component remotely,
// and the engine has the package construct it.
class RemoteInstance extends pulumi.ComponentResource {
  declare readonly trackingUri: pulumi.Output<string>;
  declare readonly tokens: pulumi.Output<Record<string, { value: string; expires: string }>>;

  constructor(name: string, args: pulumi.Inputs, opts: pulumi.ComponentResourceOptions) {
    super(
      "mlflow-instances:index:MlflowInstance",
      name,
      { ...args, trackingUri: undefined },
      opts,
      true,
    );
  }
}

const config = new pulumi.Config();
const address = config.require("address");
const providers = [
  new Kubernetes("kubernetes", {
    kubeconfig: config.require("kubeconfig"),
    context: config.require("context"),
  }),
  // Only previewed: nothing connects to these two.
  new Aws("aws", {
    region: "eu-central-1",
    accessKey: "a",
    secretKey: "b",
    skipCredentialsValidation: true,
    skipRequestingAccountId: true,
    skipMetadataApiCheck: true,
  }),
  new Postgresql("postgresql", { host: address, username: "postgres", password: "c" }),
  new Random("random"),
];

const instance = new RemoteInstance(
  "instance",
  {
    platform: {
      domain: "mlflow.example.com",
      environment: "contract",
      image: pulumi.output("registry.example.com/mlflow:3.17.2"),
      objectStore: { region: "eu-central-1", adminPrincipals: [pulumi.output("admin")] },
      postgresql: { host: address, maxConnections: 100 },
      ingress: { className: "traefik", tls: { source: "certManager", clusterIssuer: "issuer" } },
      network: {
        databaseCidrs: [pulumi.output(`${address}/32`)],
        objectStoreCidrs: [`${address}/32`],
        ingressNamespace: "ingress",
      },
    },
    instanceName: config.require("instanceName"),
    team: config.get("team") ?? "",
    owner: "owner@example.com",
    tier: "sandbox",
    bucketCredentials: pulumi.secret({
      accessKeyId: "key-id-in-plain",
      secretAccessKey: "secret-key-in-plain",
      principal: "user",
    }),
    maintenanceCredentials: pulumi.secret({
      accessKeyId: "second-id-in-plain",
      secretAccessKey: "second-key-in-plain",
      principal: "cleaner",
    }),
    tokens: [{ name: "ci", role: "edit", expires: config.require("tokensExpire") }],
  },
  { providers },
);

export const trackingUri = instance.trackingUri;
export const tokens = instance.tokens;
