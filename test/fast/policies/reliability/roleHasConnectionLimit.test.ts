import { expect, test } from "vitest";
import { roleHasConnectionLimit } from "../../../../policies/reliability/roleHasConnectionLimit.ts";
import { changed, role } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const limit = (value: unknown) => changed(role, ["connectionLimit"], value);
const message = (found: string) =>
  `Set connectionLimit to the most connections that the role may hold (it is ${found}).`;

resourceContract(roleHasConnectionLimit, {
  passes: {
    "a role with a limit": role,
    "one that may not log in": changed(limit(-1), ["login"], false),
  },
  breaks: limit(undefined),
  message: message("not limited"),
  unknown: [{ given: limit(unknown), later: ["connectionLimit"] }],
  ignores: { "another type": { ...limit(-1), type: "postgresql:index/database:Database" } },
});

test.each([
  [-1, "not limited"],
  [0, "0"],
])("%i", async (value, found) => {
  expect((await judge(roleHasConnectionLimit, limit(value))).violations).toEqual([message(found)]);
});
