import { expect, test } from "vitest";
import { podHasNoClusterToken } from "../../../../policies/security/podHasNoClusterToken.ts";
import { changed, cronJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, remedied, unknown } from "../support.ts";

const flag = [...pod, "automountServiceAccountToken"];
const message = "Set spec.template.spec.automountServiceAccountToken to false.";
const broken = changed(server, flag, true);
const silent = changed(server, flag, undefined);

resourceContract(podHasNoClusterToken, {
  passes: { "a server": server, "a CronJob": cronJob },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(server, flag, unknown),
      later: ["spec.template.spec.automountServiceAccountToken"],
    },
  ],
  ignores: {
    "a workload of no instance": changed(broken, ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...broken, type: "kubernetes:core/v1:ServiceAccount" },
  },
});

test("what is not said is true", async () => {
  expect((await judge(podHasNoClusterToken, silent)).violations).toEqual([message]);
});

test("the remedy says it where nobody has", async () => {
  expect(await remedied(podHasNoClusterToken, silent)).toEqual(server.props);
  expect(await remedied(podHasNoClusterToken, broken)).toBeUndefined();
});
