import { expect, test } from "vitest";
import { podStaysOffTheHost } from "../../../../policies/security/podStaysOffTheHost.ts";
import { changed, container, cronJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const broken = changed(server, [...pod, "hostNetwork"], true);

resourceContract(podStaysOffTheHost, {
  passes: {
    "a server": server,
    "a CronJob": cronJob,
    "a port of the pod": changed(server, [...container, "ports"], [{ containerPort: 5000 }]),
  },
  breaks: broken,
  message: "Remove spec.template.spec.hostNetwork.",
  unknown: [
    {
      given: changed(broken, [...pod, "hostPID"], unknown),
      later: ["spec.template.spec.hostPID"],
      violations: ["Remove spec.template.spec.hostNetwork."],
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

test.each(["hostPID", "hostIPC"])("%s", async (name) => {
  expect(
    (await judge(podStaysOffTheHost, changed(server, [...pod, name], true))).violations,
  ).toEqual([`Remove spec.template.spec.${name}.`]);
  expect(await judge(podStaysOffTheHost, changed(server, [...pod, name], false))).toEqual(clean);
});

test("a folder and a port of the node", async () => {
  const volume = changed(server, [...pod, "volumes", 1], {
    name: "logs",
    hostPath: { path: "/var/log" },
  });
  expect((await judge(podStaysOffTheHost, volume)).violations).toEqual([
    "The volume logs (spec.template.spec.volumes[1]) is a folder of the node; use an emptyDir, a Secret or a PersistentVolumeClaim.",
  ]);
  const port = changed(server, [...container, "ports"], [{ containerPort: 5000, hostPort: 80 }]);
  expect((await judge(podStaysOffTheHost, port)).violations).toEqual([
    "Remove spec.template.spec.containers[0].ports[0].hostPort (80); a Service reaches the pod without it.",
  ]);
});
