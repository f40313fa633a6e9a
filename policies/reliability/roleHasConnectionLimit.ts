import { roleType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const roleHasConnectionLimit = resourceRule({
  name: "role-has-connection-limit",
  pack: "reliability",
  severity: "high",
  demand: "Every database role that may log in has a limit of its connections.",
  reason: "Without one, an instance that leaks connections takes those of all others.",
  steps: "Set connectionLimit of the Role (databaseConnections in the instance's file).",
  types: [roleType],
  *check({ props }) {
    const limit = props["connectionLimit"] as number | undefined;
    if (props["login"] !== false && (limit === undefined || limit < 1))
      yield `Set connectionLimit to the most connections that the role may hold (it is ${limit === undefined || limit < 0 ? "not limited" : limit}).`;
  },
});
