import { expect, test } from "vitest";
import { instanceSharesNoDatabase } from "../../../../policies/isolation/instanceSharesNoDatabase.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { instance, part, with_ } from "../instances.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const address = (role: string, database: string) =>
  `postgresql+psycopg2://${role}:hidden@db.example.com:5432/${database}?sslmode=verify-full`;
const logsIn = (text: string, field = "stringData"): Given =>
  changed(part("credentials"), [], {
    ...part("credentials").props,
    stringData: undefined,
    [field]: { "backend-store-uri": text },
  });
const stack = (credentials: Given) => instance("shop", { credentials });
const own = "mlflow_shop or mlflow_shop_retention or mlflow_shop_stale_runs";
const wrong = (path: string, what: string, use: string) =>
  `urn:shop-credentials: ${path} of the Secret shop-credentials of instance shop logs in with ${what}, which is not its own; use ${use}.`;

stackContract(instanceSharesNoDatabase, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "a maintenance job's role": stack(logsIn(address("mlflow_shop_retention", "mlflow_shop"))),
    "an address without a password": stack(
      logsIn("postgresql://mlflow_shop@db.example.com/mlflow_shop"),
    ),
    "names of one's own, which database-follows-instance judges": instance("shop", {
      database: changed(part("database"), ["name"], "models"),
      role: changed(part("role"), ["name"], "modeller"),
      credentials: logsIn(address("modeller", "models")),
    }),
  },
  breaks: stack(logsIn(address("mlflow_shop", "mlflow_search"))),
  message: wrong("stringData.backend-store-uri", "the database mlflow_search", "mlflow_shop"),
  unknown: [
    {
      given: instance("shop", {
        credentials: logsIn(unknown),
        tokens: changed(part("tokens"), ["stringData"], {
          uri: address("mlflow_shop", "mlflow_search"),
        }),
      }),
      later: ["stringData.backend-store-uri"],
      violations: [
        "urn:shop-token-hashes: stringData.uri of the Secret shop-token-hashes of instance shop logs in with the database mlflow_search, which is not its own; use mlflow_shop.",
      ],
    },
    { given: stack(changed(part("credentials"), ["stringData"], unknown)), later: ["stringData"] },
  ],
  ignores: {
    "a Secret of nobody": with_({
      ...logsIn(address("grafana", "grafana")),
      name: "grafana",
      urn: "urn:grafana",
      props: {
        metadata: { namespace: "monitoring" },
        stringData: { url: address("grafana", "grafana") },
      },
    }),
    "another text": stack(logsIn("mysql://mlflow_search:hidden@db.example.com/mlflow_search")),
    "another type": with_({
      type: "kubernetes:core/v1:ConfigMap",
      name: "shop-x",
      props: { data: { url: address("a", "b") } },
    }),
  },
});

test("encoded values are read, the role is judged, and no password is told", async () => {
  const encoded = Buffer.from(address("mlflow_search", "mlflow_search")).toString("base64");
  const { violations } = await judgeStack(instanceSharesNoDatabase, stack(logsIn(encoded, "data")));
  expect(violations).toEqual([
    wrong("data.backend-store-uri", "the database mlflow_search", "mlflow_shop"),
    wrong("data.backend-store-uri", "the role mlflow_search", own),
  ]);
  expect(violations.join()).not.toContain("hidden");
});

test("a value that the engine gives in plain and encoded is told once", async () => {
  const text = address("mlflow_shop", "mlflow_search");
  const both = changed(logsIn(text), ["data"], {
    "backend-store-uri": Buffer.from(text).toString("base64"),
  });
  expect((await judgeStack(instanceSharesNoDatabase, stack(both))).violations).toHaveLength(1);
});
