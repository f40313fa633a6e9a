import { expect, test } from "vitest";
import { containerGainsNoRights } from "../../../../policies/security/containerGainsNoRights.ts";
import { changed, container, cronJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, remedied, unknown } from "../support.ts";

const context = [...container, "securityContext"];
const at = "spec.template.spec.containers[0].securityContext";
const broken = changed(server, [...context, "allowPrivilegeEscalation"], true);

resourceContract(containerGainsNoRights, {
  passes: { "a server": server, "a CronJob": cronJob },
  breaks: broken,
  message: `Set ${at}.allowPrivilegeEscalation to false.`,
  unknown: [
    {
      given: changed(broken, [...pod, "initContainers"], [{ securityContext: unknown }]),
      later: ["spec.template.spec.initContainers.0.securityContext"],
      violations: [`Set ${at}.allowPrivilegeEscalation to false.`],
    },
  ],
  ignores: {
    "a workload of no instance": changed(broken, ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...broken, type: "kubernetes:core/v1:ConfigMap" },
  },
});

test.each([
  [["privileged"], true, `Remove ${at}.privileged.`],
  [["allowPrivilegeEscalation"], undefined, `Set ${at}.allowPrivilegeEscalation to false.`],
  [["capabilities"], undefined, `Set ${at}.capabilities.drop to ["ALL"].`],
  [["capabilities", "drop"], ["NET_RAW"], `Set ${at}.capabilities.drop to ["ALL"].`],
  [
    ["capabilities", "add"],
    ["SYS_ADMIN", "NET_ADMIN"],
    `Remove SYS_ADMIN, NET_ADMIN from ${at}.capabilities.add.`,
  ],
])("%j %j", async (path, value, message) => {
  expect(
    (await judge(containerGainsNoRights, changed(server, [...context, ...path], value))).violations,
  ).toEqual([message]);
});

test("the remedy says what was not said, and changes nothing that was", async () => {
  const silent = changed(
    changed(server, [...context, "allowPrivilegeEscalation"], undefined),
    [...context, "capabilities"],
    undefined,
  );
  expect(await remedied(containerGainsNoRights, silent)).toEqual(server.props);
  // What a preview can't know, in the same container, stays as it is.
  const variable = [...container, "env", 1, "value"];
  expect(await remedied(containerGainsNoRights, changed(silent, variable, unknown))).toEqual(
    changed(server, variable, unknown).props,
  );
  expect(await remedied(containerGainsNoRights, broken)).toBeUndefined();
  expect(await remedied(containerGainsNoRights, server)).toBeUndefined();
});
