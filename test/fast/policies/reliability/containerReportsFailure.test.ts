import { expect, test } from "vitest";
import { containerReportsFailure } from "../../../../policies/reliability/containerReportsFailure.ts";
import { changed, container, cronJob, migrationJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, remedied, unknown } from "../support.ts";

const policy = [...container, "terminationMessagePolicy"];
const silent = changed(migrationJob, policy, undefined);
const message =
  "Set spec.template.spec.containers[0].terminationMessagePolicy to FallbackToLogsOnError.";

resourceContract(containerReportsFailure, {
  passes: { "a server": server, "a Job": migrationJob, "a CronJob": cronJob },
  breaks: silent,
  message,
  unknown: [
    {
      given: changed(silent, [...pod, "initContainers"], [{ terminationMessagePolicy: unknown }]),
      later: ["spec.template.spec.initContainers.0.terminationMessagePolicy"],
      violations: [message],
    },
  ],
  ignores: {
    "a workload of no instance": changed(silent, ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...silent, type: "kubernetes:core/v1:ConfigMap" },
  },
});

test("the default of Kubernetes reports nothing, in an init container either", async () => {
  const files = changed(server, policy, "File");
  const given = changed(files, [...pod, "initContainers"], [{ name: "wait" }]);
  expect((await judge(containerReportsFailure, given)).violations).toEqual([
    message.replace("containers[0]", "initContainers[0]"),
    message,
  ]);
});

test("the remedy sets it on each container", async () => {
  expect(await remedied(containerReportsFailure, silent)).toEqual(migrationJob.props);
  expect(await remedied(containerReportsFailure, migrationJob)).toBeUndefined();
});
