import type { PolicyResource } from "@pulumi/policy";
import { z } from "zod";
import { annotation, metadataOf, roleType } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import type { Instance } from "../model/stack.ts";
import { boundFor, bounds } from "../settings.ts";

/** Connections that all these roles together may hold. */
const sumOf = (roles: readonly PolicyResource[]): number =>
  roles
    .filter(({ props }) => props["login"] !== false)
    // A role without a limit is said by role-has-connection-limit.
    .reduce(
      (sum, { props }) => sum + Math.max(0, (props["connectionLimit"] as number | undefined) ?? 0),
      0,
    );

const limitOf = ({ namespace }: Instance): number | undefined => {
  const text = metadataOf(namespace.props).annotations?.[annotation.serverConnections] ?? "";
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
};

export const rolesFitTheServer = stackRule({
  name: "roles-fit-the-server",
  pack: "reliability",
  severity: "high",
  demand: "The connections of all roles of a database server together are no more than it takes.",
  reason:
    "Otherwise the busiest instance takes the connections that another one needs to answer at all.",
  steps:
    "Lower databaseConnections, replicas or workers of the instances, or raise max_connections of the server and maxConnections of the environment.",
  settings: z.object({
    serverConnections: z
      .record(z.string(), z.int().min(1))
      .default({})
      .describe(
        "max_connections of the database server by environment, for instances that don't say it.",
      ),
    reserved: bounds(z.int().min(0), 5).describe("Connections that stay free for administrators."),
    share: bounds(z.number().min(1).max(20), 1).describe(
      "By how much the roles together may exceed the server, because not all are busy at once.",
    ),
  }),
  *check({ instances, resources }, { settings, known }) {
    const servers = new Map<string, { limit: number; instances: Instance[] }>();
    for (const instance of instances) {
      const said = known(() => ({ limit: limitOf(instance) }));
      if (said === undefined) continue;
      const limit = said.limit ?? settings.serverConnections[instance.environment ?? ""];
      if (limit === undefined) {
        yield problemOf(
          instance,
          `It is not declared how many connections the database server of instance ${instance.name} takes; set the annotation ${annotation.serverConnections} of its namespace (platform.postgresql.maxConnections of the environment).`,
        );
        continue;
      }
      // One provider stands for one server.
      const server = instance.of(roleType)[0]?.provider?.urn ?? "";
      const found = servers.get(server) ?? { limit, instances: [] };
      servers.set(server, {
        limit: Math.min(limit, found.limit),
        instances: [...found.instances, instance],
      });
    }
    for (const [server, { limit, instances: sharing }] of servers) {
      const roles = resources.filter(
        ({ type, provider }) => type === roleType && (provider?.urn ?? "") === server,
      );
      const sum = known(() => sumOf(roles));
      const place = sharing[0]!;
      const available = Math.floor(
        (limit - boundFor(settings.reserved, place)) * boundFor(settings.share, place),
      );
      if (sum !== undefined && sum > available)
        yield {
          message:
            `The roles of ${sharing.length} instance${sharing.length === 1 ? "" : "s"} together may hold ${sum} connections, the database server has ${available} for them (max_connections ${limit}); ` +
            "lower databaseConnections, replicas or workers, or raise max_connections and platform.postgresql.maxConnections.",
          urn: place.namespace.urn,
          instances: sharing.map(({ name }) => name),
        };
    }
  },
});
