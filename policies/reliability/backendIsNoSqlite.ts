import { isOnOneDisk, isSqlite } from "../model/databaseAddress.ts";
import { inEach } from "../model/parts.ts";
import { isOfInstance, kubernetesType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { secretEntries } from "../model/secrets.ts";
import { knownOf } from "../model/tokens.ts";
import {
  containersOf,
  isTrackingServer,
  optionOf,
  variablesOf,
  wordsOf,
  workloadTypes,
} from "../model/workloads.ts";

const variable = "MLFLOW_BACKEND_STORE_URI";
const option = "--backend-store-uri";
const storeVariables = new Set([variable, "MLFLOW_REGISTRY_STORE_URI", "MLFLOW_TRACKING_URI"]);
const storeOptions = [option, "--registry-store-uri"];

const instead = "give the address of a PostgreSQL database";

export const backendIsNoSqlite = resourceRule({
  name: "backend-is-no-sqlite",
  pack: "reliability",
  severity: "critical",
  demand: "No tracking server keeps its experiments and models in SQLite or a folder.",
  reason:
    "A file on one pod's disk locks whom it serves, can't be shared by two replicas, and goes with the pod.",
  steps: "Set MLFLOW_BACKEND_STORE_URI to the address of a PostgreSQL database.",
  types: [kubernetesType.secret, kubernetesType.configMap, ...workloadTypes],
  *check(resource, context) {
    if (!isOfInstance(resource)) return;
    if (resource.type === kubernetesType.secret || resource.type === kubernetesType.configMap) {
      const plain = resource.type === kubernetesType.configMap;
      const { known } = knownOf(resource, context);
      const entries =
        known(() =>
          secretEntries(plain ? { stringData: resource.props["data"] } : resource.props),
        ) ?? [];
      yield* inEach(entries, { known }, function* ({ path, text }) {
        if (isSqlite(text()))
          yield `The address in ${plain ? path.replace("stringData", "data") : path} is one of SQLite; ${instead}.`;
      });
      return;
    }
    const containers = containersOf(resource);
    const variables = containers.flatMap(variablesOf);
    yield* inEach(variables, context, function* ({ path, name, text }) {
      const value = text() ?? "";
      if (isSqlite(value) || (storeVariables.has(name) && isOnOneDisk(value)))
        yield `${path} (${name}) is on one disk; ${instead}.`;
    });
    yield* inEach(containers.flatMap(wordsOf), context, function* ({ path, text }) {
      if (isSqlite(text.replace(/^--?[\w-]+=/, ""))) yield `${path} is on one disk; ${instead}.`;
    });
    for (const name of storeOptions) {
      const value = context.known(() => ({ is: optionOf(resource, name) }))?.is;
      if (value !== undefined && !isSqlite(value) && isOnOneDisk(value))
        yield `The option ${name} is on one disk; ${instead}.`;
    }
    // Without an address MLflow makes a SQLite file of its own.
    if (
      !isTrackingServer(resource) ||
      variables.some(({ name }) => name === variable) ||
      optionOf(resource, option) !== undefined
    )
      return;
    if (containers.some(({ value }) => value["envFrom"] !== undefined)) return;
    yield `The tracking server has no ${variable}, and would keep everything in SQLite; ${instead}.`;
  },
});
