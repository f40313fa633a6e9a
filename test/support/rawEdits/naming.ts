import { annotation, everywhere, label, more, set, type Edits } from "./change.ts";
import { routed } from "./routes.ts";

// Edits that break a rule of the pack naming.

const strayIngress = {
  type: "kubernetes:networking.k8s.io/v1:Ingress",
  name: "landing-page",
  provider: "the-cluster",
  inputs: {
    metadata: { name: "landing-page", namespace: "web" },
    spec: {
      rules: [{ host: "fraud-detector.mlflow.example.com" }],
      tls: [{ hosts: ["fraud-detector.mlflow.example.com"], secretName: "web" }],
    },
  },
};

const strayRoute = {
  type: "kubernetes:gateway.networking.k8s.io/v1beta1:HTTPRoute",
  name: "landing-page",
  provider: "the-cluster",
  inputs: {
    metadata: { name: "landing-page", namespace: "web" },
    spec: {
      parentRefs: [{ name: "shared", namespace: "gateway", sectionName: "https" }],
      hostnames: ["*.mlflow.example.com"],
      rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
    },
  },
};

export const naming: Edits = {
  "bucket-follows-instance": {
    "a bucket with a name of its own": everywhere(
      "mlflow-prod-fraud-detector",
      "mlflow-prod-models",
    ),
  },
  "bucket-has-cost-center": {
    "no cost center at AWS": set("search-ranker-bucket", ["tags", "cost-center"], undefined),
  },
  "bucket-has-tags": {
    "a bucket of no team": set(
      "fraud-detector-bucket",
      ["tags", "mlflow-instances/team"],
      undefined,
    ),
  },
  "database-follows-instance": {
    "a role of another name": everywhere(
      "mlflow_fraud_detector_stale_runs",
      "stale_runs_of_fraud",
      "fraud-detector-",
    ),
  },
  "host-follows-instance": {
    "another host": everywhere("fraud-detector.mlflow.example.com", "fraud.mlflow.example.com"),
  },
  "instance-has-product-name": {
    "an algorithm": (stack) =>
      everywhere(
        "fraud_detector",
        "fraud_xgboost",
      )(everywhere("fraud-detector", "fraud-xgboost")(stack)),
    "a version": (stack) =>
      everywhere("fraud_detector", "fraud_v3")(everywhere("fraud-detector", "fraud-v3")(stack)),
  },
  "instance-is-unique": {
    "another ingress at its host": more(strayIngress),
    "another route at every host": routed(more(strayRoute)),
  },
  "instance-labels-agree": {
    "a part of another tier": set(
      "fraud-detector-service",
      [...label, "mlflow-instances/tier"],
      "sandbox",
    ),
  },
  "namespace-follows-instance": {
    "another namespace": everywhere('mlflow-fraud-detector"', 'fraud"', "fraud-detector-"),
  },
  "namespace-names-owner": {
    "no owner": set(
      "fraud-detector-namespace",
      [...annotation, "mlflow-instances/owner"],
      undefined,
    ),
  },
  "object-has-labels": {
    "an object of no team": set(
      "fraud-detector-service",
      [...label, "mlflow-instances/team"],
      undefined,
    ),
  },
};
