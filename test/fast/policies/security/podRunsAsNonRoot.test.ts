import { expect, test } from "vitest";
import { podRunsAsNonRoot } from "../../../../policies/security/podRunsAsNonRoot.ts";
import { changed, container, cronJob, migrationJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const message =
  "Set spec.template.spec.containers[0].securityContext.runAsNonRoot (or that of the pod) to true.";
const bare = changed(server, [...container, "securityContext"], undefined);
const broken = changed(bare, [...pod, "securityContext"], undefined);
const rooted = changed(server, [...container, "securityContext", "runAsUser"], 0);

resourceContract(podRunsAsNonRoot, {
  passes: {
    "a server": server,
    "a Job": migrationJob,
    "a CronJob": cronJob,
    "a pod that says it for its containers": bare,
  },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(
        broken,
        [...pod, "initContainers"],
        [{ securityContext: { runAsNonRoot: unknown } }],
      ),
      later: ["spec.template.spec.initContainers.0.securityContext.runAsNonRoot"],
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

test("what the container says counts, not what the pod says", async () => {
  const path = "spec.template.spec.containers[0]";
  expect((await judge(podRunsAsNonRoot, rooted)).violations).toEqual([
    `${path} runs as user 0; set securityContext.runAsUser to another, such as 10001.`,
  ]);
  expect(
    (
      await judge(
        podRunsAsNonRoot,
        changed(server, [...container, "securityContext", "runAsNonRoot"], false),
      )
    ).violations,
  ).toEqual([message]);
  expect(
    await judge(podRunsAsNonRoot, changed(server, [...pod, "securityContext", "runAsUser"], 0)),
  ).toEqual(clean);
});

test("a workload without labels is an instance's by its namespace", async () => {
  const given = changed(broken, ["metadata"], { name: "mlflow", namespace: "mlflow-shop" });
  expect((await judge(podRunsAsNonRoot, given)).violations).toEqual([message]);
});
