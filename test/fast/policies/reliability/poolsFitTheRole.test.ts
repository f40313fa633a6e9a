import { expect, test } from "vitest";
import { connectionsNeeded } from "../../../../components/internal/poolSize.ts";
import { poolsFitTheRole } from "../../../../policies/reliability/poolsFitTheRole.ts";
import { changed, container, database, role, server, serverWith } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const limited = (connectionLimit: number) => changed(role, ["connectionLimit"], connectionLimit);
const message = (needed: number, sum: string, limit: number, urn = "urn:3") =>
  `${urn}: The tracking server of instance shop can open ${needed} connections: ${sum}. Its role mlflow_shop may hold ${limit}; ` +
  "raise databaseConnections (connectionLimit of the role), or lower replicas, workers or the pool (MLFLOW_SQLALCHEMYSTORE_POOL_SIZE, _MAX_OVERFLOW).";
const sum =
  "3 pods (a rollout's included) x 2 workers x 2 stores x (3 + 3), and 12 beside the pools";
const whole = (server: Given, connectionLimit = 84) => [
  namespace(),
  database,
  limited(connectionLimit),
  server,
];

stackContract(poolsFitTheRole, {
  passes: {
    "pools that fit to the last connection": whole(server),
    "an instance that is being deleted": [
      namespace({}, { "mlflow-instances/deletion": "prepared" }),
      database,
      limited(1),
      server,
    ],
    "a role without a limit, of which another rule speaks": whole(server, -1),
  },
  breaks: whole(server, 83),
  message: message(84, sum, 83),
  unknown: [
    {
      given: whole(serverWith({ MLFLOW_INSTANCE_WORKERS: unknown }), 1),
      later: ["spec.template.spec.containers.0.env.1.value"],
    },
  ],
  ignores: {
    "the roles of the maintenance jobs": [
      namespace(),
      database,
      role,
      { ...changed(limited(1), ["name"], "mlflow_shop_retention"), name: "shop-b" },
      server,
    ],
    "another part of an instance": whole(
      changed(server, ["metadata", "labels", "app.kubernetes.io/component"], "exporter"),
      1,
    ),
  },
});

// Policies and components share no code; that they count the same is proved here.
test.each([1, 2, 3])("the sum is the component's own, %i replicas", async (replicas) => {
  for (const workers of [1, 2, 8]) {
    const given = changed(
      serverWith({ MLFLOW_INSTANCE_WORKERS: String(workers) }),
      ["spec", "replicas"],
      replicas,
    );
    const needed = connectionsNeeded({ replicas, workers }, 6);
    expect(await judgeStack(poolsFitTheRole, whole(given, needed))).toEqual(clean);
    expect((await judgeStack(poolsFitTheRole, whole(given, needed - 1))).violations).toHaveLength(
      1,
    );
  }
});

test("what is not said is what MLflow, SQLAlchemy and Kubernetes take", async () => {
  const silent = changed(
    serverWith({
      MLFLOW_INSTANCE_WORKERS: undefined,
      MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: undefined,
      // MLflow takes it for "not set".
      MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: "0",
    }),
    ["spec", "strategy"],
    undefined,
  );
  const defaults =
    "3 pods (a rollout's included) x 4 workers x 2 stores x (5 + 10), and 18 beside the pools";
  expect((await judgeStack(poolsFitTheRole, whole(silent))).violations).toEqual([
    message(378, defaults, 84),
  ]);
});

test("workers by option, no surge, and the most that a scaler may make", async () => {
  const byOption = changed(
    serverWith({ MLFLOW_INSTANCE_WORKERS: undefined }),
    [...container, "args"],
    ["--workers=3"],
  );
  const recreated = changed(byOption, ["spec", "strategy"], { type: "Recreate" });
  const stopped =
    "2 pods (a rollout's included) x 3 workers x 2 stores x (3 + 3), and 11 beside the pools";
  expect((await judgeStack(poolsFitTheRole, whole(recreated, 1))).violations).toEqual([
    message(83, stopped, 1),
  ]);
  const scaler: Given = {
    type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    name: "shop-scaler",
    props: {
      metadata: { namespace: "mlflow-shop" },
      spec: { scaleTargetRef: { name: "mlflow" }, minReplicas: 2, maxReplicas: 4 },
    },
  };
  const scaled =
    "5 pods (a rollout's included) x 2 workers x 2 stores x (3 + 3), and 18 beside the pools";
  expect((await judgeStack(poolsFitTheRole, [...whole(server), scaler])).violations).toEqual([
    message(138, scaled, 84),
  ]);
});
