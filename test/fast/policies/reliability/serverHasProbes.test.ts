import { expect, test } from "vitest";
import { serverHasProbes } from "../../../../policies/reliability/serverHasProbes.ts";
import { changed, container, migrationJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const broken = changed(server, [...container, "startupProbe"], undefined);
const message =
  "Set spec.template.spec.containers[0].startupProbe; without it a start that hangs is never seen.";

resourceContract(serverHasProbes, {
  passes: { "a server": server },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(broken, [...pod, "containers", 1], {
        startupProbe: {},
        readinessProbe: unknown,
      }),
      later: ["spec.template.spec.containers.1.readinessProbe"],
      violations: [message],
    },
  ],
  ignores: {
    "a Job": migrationJob,
    "another part of an instance": changed(
      broken,
      ["metadata", "labels", "app.kubernetes.io/component"],
      "exporter",
    ),
    "another type": { ...broken, type: "kubernetes:core/v1:ConfigMap" },
  },
});

test.each([
  ["readinessProbe", "requests go to a pod that can't answer"],
  ["livenessProbe", "a server that hangs is never restarted"],
])("%s", async (probe, otherwise) => {
  expect(
    (await judge(serverHasProbes, changed(server, [...container, probe], undefined))).violations,
  ).toEqual([`Set spec.template.spec.containers[0].${probe}; without it ${otherwise}.`]);
});
