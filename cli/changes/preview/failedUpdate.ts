import type { EngineRun } from "../engine.ts";
import { changesOf, type ResourceChange } from "./changes.ts";
import { findOwners } from "./owners.ts";
import { missingPods, replicasOf } from "./rollingUpdate.ts";

type FailedRun = Pick<EngineRun, "steps" | "results" | "failed" | "diagnostics">;

/**
 * The state in which a failed update left each instance that it began to change: the effects that
 * its preview announced did not all come.
 */
export function leftBy(run: FailedRun): ReadonlyMap<string, string[]> {
  const failed = new Set([
    ...run.failed.map(({ urn }) => urn),
    ...run.diagnostics.flatMap(({ severity, urn }) =>
      severity === "error" && urn !== undefined ? [urn] : [],
    ),
  ]);
  const done = new Set(run.results.map(({ urn }) => urn));
  const isDone = ({ urn }: ResourceChange): boolean => done.has(urn) && !failed.has(urn);
  const byInstance = Map.groupBy(
    changesOf(run.steps, findOwners(run.steps)),
    ({ instance }) => instance,
  );
  return new Map(
    [...byInstance].flatMap(([instance, changes]) =>
      instance === undefined
        ? []
        : [[instance, [...notDone(changes, isDone), ...ofServer(changes, isDone)]] as const],
    ),
  );
}

type IsDone = (change: ResourceChange) => boolean;

function notDone(changes: readonly ResourceChange[], isDone: IsDone): string[] {
  const names = changes
    .filter((change) => !isDone(change))
    .map(({ type, name }) => `${type.slice(type.lastIndexOf(":") + 1)} \`${name}\``);
  return names.length === 0 ? [] : [`Failed or not finished: ${names.join(", ")}`];
}

function ofServer(changes: readonly ResourceChange[], isDone: IsDone): string[] {
  const server = changes.find(({ type }) => type === "kubernetes:apps/v1:Deployment");
  const isNew = changes.some(
    ({ type, kind }) => type === "kubernetes:core/v1:Namespace" && kind === "created",
  );
  if (server === undefined && !isNew) return ["The server's Deployment was not changed"];
  if (server !== undefined && isDone(server)) return [];
  if (server === undefined || server.kind === "created")
    return ["The instance is not complete: its server is not ready"];
  const [had, has] = [replicasOf(server.before?.inputs), replicasOf(server.after?.inputs)];
  if (server.kind !== "updated" || had === 0 || has === 0)
    return ["Whether the server answers is not known"];
  const left = Math.max(Math.min(had, has) - missingPods(server.after?.inputs, has), 0);
  if (left === 0) return ["The server may not answer: its strategy allows all pods to be missing"];
  return [
    left === had
      ? "The previous pods still serve: they end only when new ones are ready"
      : `At least ${left} of ${had} previous pods still ${left === 1 ? "serves" : "serve"}`,
  ];
}
