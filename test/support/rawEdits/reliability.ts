import {
  container,
  everywhere,
  pod,
  resource,
  server,
  set,
  variable,
  without,
  type Edits,
} from "./change.ts";

// Edits that break a rule of the pack reliability.

export const reliability: Edits = {
  "backend-is-no-sqlite": {
    "a file": set(
      "fraud-detector-credentials",
      ["stringData", "backend-store-uri"],
      "sqlite:////data/mlflow.db",
    ),
  },
  "container-has-resources": {
    "no limit of memory": set(server, [...container, "resources", "limits"], undefined),
  },
  "container-reports-failure": {
    "the file alone": set(server, [...container, "terminationMessagePolicy"], "File"),
  },
  "data-holder-is-protected": {
    "a bucket": resource("fraud-detector-bucket", (bucket) => ({ ...bucket, protect: false })),
    "a database": resource("fraud-detector-database", (database) => ({
      ...database,
      protect: false,
    })),
  },
  "data-holder-refuses-deletion": {
    "a bucket emptied by force": set("fraud-detector-bucket", ["forceDestroy"], true),
    "a database server that goes": set("database-server", ["deletionProtection"], false),
  },
  "mlflow-is-not-downgraded": {
    "from 3.17.2 to 3.17.1": everywhere('"3.17.2"', '"3.17.1"', "fraud-detector-"),
  },
  "pools-fit-the-role": {
    "large pools": variable(server, "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "30"),
  },
  "production-has-replicas": { "one replica": set(server, ["spec", "replicas"], 1) },
  "replicas-are-spread": {
    "nothing spreads": set(server, [...pod, "topologySpreadConstraints"], undefined),
  },
  "replicas-have-disruption-budget": {
    "no budget": without("fraud-detector-disruption-budget"),
    "a budget of nothing": set("fraud-detector-disruption-budget", ["spec", "maxUnavailable"], 0),
  },
  "role-has-connection-limit": {
    "no limit": set("fraud-detector-stale-runs-role", ["connectionLimit"], undefined),
  },
  "roles-fit-the-server": {
    "more than the server takes": set("fraud-detector-database-role", ["connectionLimit"], 350),
  },
  "server-has-probes": { "no readiness": set(server, [...container, "readinessProbe"], undefined) },
  "server-is-migrated": {
    "another image": set("fraud-detector-migration", [...container, "image"], (image: string) =>
      image.replaceAll("a1", "b2"),
    ),
  },
};
