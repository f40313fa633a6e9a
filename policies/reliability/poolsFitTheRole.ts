import { demandOf } from "../model/connections.ts";
import { databaseType, roleType } from "../model/resources.ts";
import { problemOf, stackRule, type Problem } from "../rule.ts";
import { replicasOf, serversOf } from "../model/servers.ts";
import type { Instance } from "../model/stack.ts";

function* problemsOf(instance: Instance): Generator<Problem> {
  const owners = instance.of(databaseType).map(({ props }) => props["owner"] as string | undefined);
  for (const role of instance.of(roleType)) {
    const limit = role.props["connectionLimit"] as number | undefined;
    // A role without a limit is said by role-has-connection-limit.
    if (!owners.includes(role.props["name"] as string) || limit === undefined || limit < 1)
      continue;
    for (const server of serversOf(instance)) {
      const { connections, sum } = demandOf(server, replicasOf(instance, server).most);
      if (connections > limit)
        yield problemOf(
          instance,
          `The tracking server of instance ${instance.name} can open ${connections} connections: ${sum}. Its role ${String(role.props["name"])} may hold ${limit}; ` +
            "raise databaseConnections (connectionLimit of the role), or lower replicas, workers or the pool (MLFLOW_SQLALCHEMYSTORE_POOL_SIZE, _MAX_OVERFLOW).",
          server,
        );
    }
  }
}

export const poolsFitTheRole = stackRule({
  name: "pools-fit-the-role",
  pack: "reliability",
  severity: "high",
  demand:
    "All pools of a tracking server together open no more connections than its database role may hold.",
  reason: "Under load the database refuses the rest, and requests fail that only had to wait.",
  steps: "Raise databaseConnections in the instance's file, or lower replicas or workers.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      if (instance.deletionPrepared) continue;
      yield* known(() => [...problemsOf(instance)]) ?? [];
    }
  },
});
