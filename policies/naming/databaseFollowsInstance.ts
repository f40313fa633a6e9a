import { databaseNameOf, roleNamesOf } from "../model/names.ts";
import { databaseType, roleType } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";

// A stack rule, because a resource of PostgreSQL carries no label: whose it is, only the stack
// tells.
export const databaseFollowsInstance = stackRule({
  name: "database-follows-instance",
  pack: "naming",
  severity: "medium",
  demand:
    "Database and roles of an instance are named mlflow_<instance>, those of the maintenance jobs with _retention or _stale_runs behind it.",
  reason: "On the shared server their names are all that tells whose they are.",
  steps: "Set name of the Database and of each Role to the name that the message gives.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const allowed = {
        [databaseType]: [databaseNameOf(instance.name)],
        [roleType]: Object.values(roleNamesOf(instance.name)),
      };
      for (const resource of instance.of(databaseType, roleType)) {
        const name = known(() => (resource.props["name"] as string | undefined) ?? "");
        const names = allowed[resource.type as keyof typeof allowed];
        if (name === undefined || names.includes(name)) continue;
        const what = resource.type === databaseType ? "database" : "role";
        const found = name === "" ? "has no name of its own" : `is named ${name}`;
        yield problemOf(
          instance,
          `The ${what} ${resource.name} of instance ${instance.name} ${found}; set name to ${names.join(" or ")}.`,
          resource,
        );
      }
    }
  },
});
