import type { PolicyResource } from "@pulumi/policy";
import { databaseNameOf, roleNamesOf } from "../model/names.ts";
import { databaseType, grantType } from "../model/resources.ts";
import { problemOf, stackRule, type Context, type Problem } from "../rule.ts";
import type { Instance } from "../model/stack.ts";

type Known = Pick<Context<unknown>, "known">;

interface Grant {
  readonly resource: PolicyResource;
  readonly database: string;
  readonly role: string;
  readonly privileges: readonly string[];
}

export const databaseRefusesOthers = stackRule({
  name: "database-refuses-others",
  pack: "isolation",
  severity: "high",
  demand: "Only an instance's own roles may connect to its database.",
  reason:
    "PostgreSQL lets every role of the server connect to every database until that right is taken from PUBLIC.",
  steps:
    "Add a postgresql.Grant for the role public with no privileges on the database, and remove grants to other instances.",
  *check({ resources, instances }, context) {
    const grants = grantsOf(resources, context);
    // With grants that a preview can't know nothing is missing as yet.
    const complete = grants.every((grant) => grant !== undefined);
    for (const instance of instances) {
      for (const database of instance.of(databaseType)) {
        const name = context.known(() => (database.props["name"] as string | undefined) ?? "");
        if (name === undefined) continue;
        const own = grants.filter((grant) => grant?.database === name);
        yield* strangersIn(own, instance, instances);
        // One that gives PUBLIC something is told already.
        if (!complete || own.some((grant) => grant?.role === "public")) continue;
        yield problemOf(
          instance,
          `Every role of the server may connect to the database of instance ${instance.name}; add a postgresql.Grant on ${name} with role public, objectType database and no privileges.`,
          database,
        );
      }
    }
  },
});

function* strangersIn(
  grants: readonly (Grant | undefined)[],
  instance: Instance,
  instances: readonly Instance[],
): Generator<Problem> {
  for (const grant of grants) {
    if (grant === undefined || grant.privileges.length === 0) continue;
    const other = instances.find(
      ({ name }) => name !== instance.name && Object.values(roleNamesOf(name)).includes(grant.role),
    );
    if (other === undefined && grant.role !== "public") continue;
    const whom =
      other === undefined
        ? "every role of the server"
        : `the role ${grant.role} of instance ${other.name}`;
    yield {
      message: `${grant.resource.name} lets ${whom} into the database ${databaseNameOf(instance.name)} of instance ${instance.name}; take its privileges away.`,
      urn: grant.resource.urn,
      instances: other === undefined ? [instance.name] : [instance.name, other.name],
    };
  }
}

const grantsOf = (resources: readonly PolicyResource[], { known }: Known): (Grant | undefined)[] =>
  resources
    .filter(
      ({ type, props }) =>
        type === grantType && known(() => props["objectType"] === "database") !== false,
    )
    .map((resource) =>
      known(() => ({
        resource,
        database: resource.props["database"] as string,
        role: resource.props["role"] as string,
        privileges: [...((resource.props["privileges"] ?? []) as string[])],
      })),
    );
