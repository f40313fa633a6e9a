import type { PolicyResource } from "@pulumi/policy";
import { databaseType, grantRoleType, roleType } from "../model/resources.ts";
import { problemOf, stackRule, type Context } from "../rule.ts";
import type { Instance } from "../model/stack.ts";

/** What a resource says, or undefined as long as a preview can't know it. */
const text = (
  { known }: Pick<Context<unknown>, "known">,
  { props }: PolicyResource,
  name: string,
) => known(() => props[name] as string | undefined);

/** Roles of which a role is a member: by its own list, and by a resource that says so. */
function* memberships(
  instance: Instance,
  context: Context<unknown>,
): Generator<{ role: string; of: string; blamed: PolicyResource }> {
  for (const blamed of instance.of(roleType)) {
    const role = text(context, blamed, "name");
    const list = context.known(() => [...((blamed.props["roles"] ?? []) as string[])]) ?? [];
    if (role !== undefined) yield* list.map((of) => ({ role, of, blamed }));
  }
  for (const blamed of instance.of(grantRoleType)) {
    const [role, of] = [text(context, blamed, "role"), text(context, blamed, "grantRole")];
    if (role !== undefined && of !== undefined) yield { role, of, blamed };
  }
}

export const roleOwnsItsDatabaseOnly = stackRule({
  name: "role-owns-its-database-only",
  pack: "security",
  severity: "critical",
  demand:
    "A database belongs to a role of its own instance, and no role is a member of another that owns a database.",
  reason: "The owner may read and drop all of it, and so may every member of the owner.",
  steps:
    "Set owner of the Database to a role of the instance, and remove memberships in roles that own databases.",
  *check({ instances, resources }, context) {
    const owners = new Set(
      resources
        .filter(({ type }) => type === databaseType)
        .map((database) => text(context, database, "owner")),
    );
    for (const instance of instances) {
      const roles = instance.of(roleType).map((role) => text(context, role, "name"));
      for (const database of instance.of(databaseType)) {
        const owner = context.known(() => ({ is: database.props["owner"] as string | undefined }));
        // A name that a preview can't know may be the owner's.
        if (
          owner === undefined ||
          roles.includes(owner.is ?? "") ||
          (owner.is !== undefined && roles.includes(undefined))
        )
          continue;
        yield problemOf(
          instance,
          `The database of instance ${instance.name} belongs to ${owner.is ?? "the administrator"}; set owner to a role of the instance.`,
          database,
        );
      }
      for (const { role, of, blamed } of memberships(instance, context))
        if (owners.has(of) && role !== of)
          yield problemOf(
            instance,
            `The role ${role} is a member of ${of}, which owns a database; take it out of roles and GrantRole.`,
            blamed,
          );
    }
  },
});
