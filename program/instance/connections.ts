import {
  connectionsAvailable,
  connectionsOfInstance,
  type ResolvedInstance,
} from "@mlflow-instances/components/internal";
import type { Environment } from "../environment/environment.ts";
import { factsOf } from "../platforms/index.ts";
import type { Problem } from "../values/problems.ts";

/**
 * Whether all instances together fit the database server: one alone always seems to, until the last
 * of them finds no connection left.
 */
export function connectionProblems(
  { platform }: Environment,
  instances: readonly ResolvedInstance[],
): Problem[] {
  const { max, path } = factsOf(platform).connections;
  const available = connectionsAvailable(max);
  const needed = instances.map(({ instanceName, database }) => ({
    name: instanceName,
    connections: connectionsOfInstance(database.connectionLimit),
  }));
  const sum = needed.reduce((total, { connections }) => total + connections, 0);
  if (sum <= available) return [];
  const terms = needed.map(({ name, connections }) => `${connections} (${name})`).join(" + ");
  return [
    {
      path: ["environment", "platform", ...path],
      message:
        `is ${max}, of which ${available} are for instances, but these may hold ${terms} at once, ${sum} in all; ` +
        "raise the server's max_connections, or lower the instances' databaseConnections, replicas or workers",
    },
  ];
}
