import { expect, test } from "vitest";
import { containerHasResources } from "../../../../policies/reliability/containerHasResources.ts";
import { changed, container, cronJob, migrationJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const resources = [...container, "resources"];
const at = "spec.template.spec.containers[0].resources";
const broken = changed(server, [...resources, "limits"], undefined);
const message = `Set ${at}.limits.memory (memory.limit in the instance's file).`;

resourceContract(containerHasResources, {
  passes: { "a server": server, "a Job": migrationJob, "a CronJob": cronJob },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(
        broken,
        [...pod, "initContainers"],
        [{ resources: { requests: { cpu: "1", memory: unknown } } }],
      ),
      later: ["spec.template.spec.initContainers.0.resources.requests.memory"],
      violations: [message],
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

test("each part is asked for", async () => {
  expect(
    (await judge(containerHasResources, changed(server, resources, undefined))).violations,
  ).toEqual([
    `Set ${at}.requests.cpu (cpu in the instance's file).`,
    `Set ${at}.requests.memory (memory.request in the instance's file).`,
    message,
  ]);
});

test("a Job's and an init container, too", async () => {
  const given = changed(
    migrationJob,
    [...pod, "initContainers"],
    [{ name: "wait", resources: { requests: { cpu: "1", memory: "1Gi" } } }],
  );
  expect((await judge(containerHasResources, given)).violations).toEqual([
    "Set spec.template.spec.initContainers[0].resources.limits.memory (memory.limit in the instance's file).",
  ]);
});
