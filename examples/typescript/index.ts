import { MlflowInstance } from "@mlflow-instances/components";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { cluster, platform, protect, providers, usersOf } from "./platform.ts";

const config = new pulumi.Config();
const churn = { platform, team: "churn", owner: "churn-team@example.com", protect };
const expires = config.require("tokensExpire");

/** Where the team tries things. */
const research = new MlflowInstance(
  "churn-research",
  {
    ...churn,
    ...usersOf("churn-research"),
    description: "Experiments with features of customer churn",
    tier: "sandbox",
    deletedExperimentRetention: "7d",
    tokens: [{ name: "notebooks", role: "edit", expires }],
  },
  { providers },
);

/** What is served: the training job writes, the services read. */
const serving = new MlflowInstance(
  "churn-serving",
  {
    ...churn,
    ...usersOf("churn-serving"),
    description: "Registered models of customer churn",
    tier: config.get("servingTier") === "production" ? "production" : "sandbox",
    deletedExperimentRetention: "30d",
    tokens: [
      { name: "training", role: "edit", expires },
      { name: "services", role: "read", expires },
    ],
  },
  { providers },
);

// The team's own part: its jobs find the tracking server and a token in their namespace. An
// instance's namespace stays its own.
const jobs = new Namespace("jobs", { metadata: { name: "churn-jobs" } }, { provider: cluster });
const client = new Secret(
  "mlflow-client",
  {
    metadata: { name: "mlflow-client", namespace: jobs.metadata.name },
    stringData: {
      MLFLOW_TRACKING_URI: serving.trackingUri,
      MLFLOW_TRACKING_TOKEN: serving.tokens["training"].value,
    },
  },
  { provider: cluster },
);

export const trackingUris = { research: research.trackingUri, serving: serving.trackingUri };
export const clientSecret = pulumi.interpolate`${client.metadata.namespace}/${client.metadata.name}`;
/** `pulumi stack output tokens --show-secrets` */
export const tokens = pulumi.secret({
  notebooks: research.tokens["notebooks"].value,
  training: serving.tokens["training"].value,
  services: serving.tokens["services"].value,
});
