import { expect, test } from "vitest";
import { databaseRoleHasNoRights } from "../../../../policies/security/databaseRoleHasNoRights.ts";
import { changed, role } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const broken = changed(role, ["superuser"], true);
const message =
  "Set superuser to false: such a role reads and changes every database of the server.";

resourceContract(databaseRoleHasNoRights, {
  passes: {
    "a plain role": role,
    "one that says nothing": { ...role, props: { name: "mlflow_shop" } },
  },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(broken, ["createRole"], unknown),
      later: ["createRole"],
      violations: [message],
    },
  ],
  ignores: { "another type": { ...broken, type: "postgresql:index/database:Database" } },
});

test.each([
  ["createRole", "makes itself a member of other roles"],
  ["createDatabase", "fills the server"],
  ["replication", "reads the changes of every database"],
  ["bypassRowLevelSecurity", "sees what row security hides"],
])("%s", async (right, what) => {
  expect((await judge(databaseRoleHasNoRights, changed(role, [right], true))).violations).toEqual([
    `Set ${right} to false: such a role ${what}.`,
  ]);
});
