import { expect, test } from "vitest";
import { backendIsNoSqlite } from "../../../../policies/reliability/backendIsNoSqlite.ts";
import {
  caBundle,
  changed,
  container,
  credentials,
  credentialsWith,
  cronJob,
  pod,
  server,
  serverWith,
  tokens,
} from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const broken = credentialsWith({ "backend-store-uri": "sqlite:////data/mlflow.db" });
const message =
  "The address in data.backend-store-uri is one of SQLite; give the address of a PostgreSQL database.";

resourceContract(backendIsNoSqlite, {
  passes: {
    "PostgreSQL in a Secret": credentials,
    "a server that takes it from there": server,
    "a CronJob": cronJob,
    "a ConfigMap": caBundle,
    "another Secret that begins like a path": credentialsWith({ key: "/abc+def=" }),
  },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(broken, ["data", "other"], unknown),
      later: ["data.other"],
      violations: [message],
    },
  ],
  ignores: {
    "the token file, also while a preview can't know it": changed(tokens, ["data"], unknown),
    "a Secret of no instance": changed(broken, ["metadata"], { name: "other", namespace: "other" }),
    "another type": { ...broken, type: "kubernetes:core/v1:ServiceAccount" },
  },
});

const at = "spec.template.spec.containers[0]";
const instead = "give the address of a PostgreSQL database.";
const withArguments = (...words: string[]) => changed(server, [...container, "args"], words);

test.each([
  [
    "a variable",
    serverWith({ ANY_STORE: "sqlite+pysqlite:///x.db" }),
    `${at}.env[8] (ANY_STORE) is on one disk; ${instead}`,
  ],
  [
    "a folder in a variable",
    serverWith({ MLFLOW_REGISTRY_STORE_URI: "./mlruns" }),
    `${at}.env[8] (MLFLOW_REGISTRY_STORE_URI) is on one disk; ${instead}`,
  ],
  [
    "an option",
    withArguments("--backend-store-uri=sqlite:///x.db"),
    `${at}.args[0] is on one disk; ${instead}`,
  ],
  [
    "an option and its value",
    withArguments("--backend-store-uri", "sqlite:///x.db"),
    `${at}.args[1] is on one disk; ${instead}`,
  ],
  [
    "a folder in an option",
    withArguments("--backend-store-uri", "mlruns"),
    `The option --backend-store-uri is on one disk; ${instead}`,
  ],
  [
    "a ConfigMap",
    changed(caBundle, ["data", "uri"], "sqlite:///x.db"),
    `The address in data.uri is one of SQLite; ${instead}`,
  ],
])("%s", async (_, given, violation) => {
  expect((await judge(backendIsNoSqlite, given)).violations).toEqual([violation]);
});

const homeless = changed(server, [...container, "env", 0], { name: "OTHER", value: "x" });

test("without an address MLflow makes a SQLite file", async () => {
  expect((await judge(backendIsNoSqlite, homeless)).violations).toEqual([
    `The tracking server has no MLFLOW_BACKEND_STORE_URI, and would keep everything in SQLite; ${instead}`,
  ]);
  expect(
    await judge(
      backendIsNoSqlite,
      changed(homeless, [...container, "args"], ["--backend-store-uri", "$(URI)"]),
    ),
  ).toEqual(clean);
  expect(
    await judge(
      backendIsNoSqlite,
      changed(homeless, [...container, "envFrom"], [{ secretRef: { name: "all" } }]),
    ),
  ).toEqual(clean);
});

test("a variable that a preview can't know hides no other", async () => {
  const given = changed(
    serverWith({ ANY_STORE: "sqlite:///x.db" }),
    [...pod, "initContainers"],
    [{ env: [{ name: "A", value: unknown }] }],
  );
  expect(await judge(backendIsNoSqlite, given)).toEqual({
    violations: [`${at}.env[8] (ANY_STORE) is on one disk; ${instead}`],
    later: [
      "Not known in a preview: spec.template.spec.initContainers.0.env.0.value. It is checked at `up`.",
    ],
  });
});
