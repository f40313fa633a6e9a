import { set, variable, without, type Edits } from "./change.ts";
import { routed } from "./routes.ts";

// Edits that break a rule of the pack isolation.

export const isolation: Edits = {
  "database-refuses-others": { "PUBLIC connects": without("fraud-detector-database-no-public") },
  "instance-has-each-part-once": {
    "a redirect and no route": routed(without("fraud-detector-route")),
    "no service": without("fraud-detector-service"),
    "two maintenance jobs": (stack) => [
      ...stack,
      ...stack
        .filter(({ name }) => name === "fraud-detector-retention")
        .map((job) => ({ ...job, name: "fraud-detector-retention-2" })),
    ],
  },
  "instance-shares-no-bucket": {
    "the other's bucket": variable(
      "search-ranker-server",
      "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION",
      "s3-proxied://mlflow-prod-fraud-detector/artifacts",
    ),
  },
  "instance-shares-no-database": {
    "the other's database": set(
      "search-ranker-credentials",
      ["stringData", "backend-store-uri"],
      (uri: string) => uri.replace("/mlflow_search_ranker?", "/mlflow_fraud_detector?"),
    ),
  },
  "instance-shares-no-key": {
    "the other's principal": set("search-ranker-bucket-policy", ["policy"], (text: string) =>
      text.replaceAll('"search-ranker-user"', '"fraud-detector-user"'),
    ),
  },
  "namespace-denies-by-default": {
    "no default": without("fraud-detector-default-deny"),
    "an opening in the default": set("fraud-detector-default-deny", ["spec", "egress"], [{}]),
  },
  "object-lies-in-own-namespace": {
    "in the other's": set(
      "fraud-detector-ca-bundle",
      ["metadata", "namespace"],
      "mlflow-search-ranker",
    ),
  },
};
