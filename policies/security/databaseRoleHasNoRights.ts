import { roleType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const rights: Record<string, string> = {
  superuser: "reads and changes every database of the server",
  createRole: "makes itself a member of other roles",
  createDatabase: "fills the server",
  replication: "reads the changes of every database",
  bypassRowLevelSecurity: "sees what row security hides",
};

export const databaseRoleHasNoRights = resourceRule({
  name: "database-role-has-no-rights",
  pack: "security",
  severity: "critical",
  demand: "No database role that a stack makes has a right on the server itself.",
  reason:
    "An instance's password is in its pods; with such a right it opens every other instance's data.",
  steps:
    "Set superuser, createDatabase, createRole, replication and bypassRowLevelSecurity of the Role to false.",
  types: [roleType],
  *check({ props }, context) {
    for (const [right, what] of Object.entries(rights)) {
      const value = context.known(() => ({ is: props[right] as boolean | undefined }));
      if (value?.is === true) yield `Set ${right} to false: such a role ${what}.`;
    }
  },
});
