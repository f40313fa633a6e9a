import { z } from "zod";
import { problemOf, stackRule } from "../rule.ts";
import { replicasOf, serversOf } from "../model/servers.ts";
import { boundFor, bounds } from "../settings.ts";

export const productionHasReplicas = stackRule({
  name: "production-has-replicas",
  pack: "reliability",
  severity: "high",
  demand: "A tracking server has as many replicas as its tier needs; in production two or more.",
  reason: "With one, every upgrade of a node and every crash is an outage.",
  steps: "Set replicas in the instance's file to the number of the message or more.",
  settings: z.object({
    least: bounds(z.int().min(1).max(20), 1, { tiers: { production: 2 } }).describe(
      "Least number of replicas.",
    ),
  }),
  *check({ instances }, { settings, known }) {
    for (const instance of instances) {
      if (instance.deletionPrepared) continue;
      const wanted = boundFor(settings.least, instance);
      for (const server of serversOf(instance)) {
        const replicas = known(() => replicasOf(instance, server).least);
        if (replicas !== undefined && replicas < wanted)
          yield problemOf(
            instance,
            `The tracking server of instance ${instance.name} (tier ${instance.tier ?? "not set"}) has ${replicas} ${replicas === 1 ? "replica" : "replicas"}; set replicas in the instance's file (spec.replicas) to ${wanted} or more.`,
            server,
          );
      }
    }
  },
});
