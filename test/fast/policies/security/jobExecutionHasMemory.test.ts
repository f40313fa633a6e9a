import { expect, test } from "vitest";
import { jobExecutionHasMemory } from "../../../../policies/security/jobExecutionHasMemory.ts";
import { changed, container, cronJob, server, serverWith } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const variable = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION";
const message = (wanted: string) =>
  `Set the variable ${variable} to false, or give the server a memory limit of ${wanted} or more (memory.limit).`;
const on = serverWith({ [variable]: "true" });
const limit = [...container, "resources", "limits", "memory"];

resourceContract(jobExecutionHasMemory, {
  passes: {
    "a server without": server,
    "one with the memory for it": changed(on, limit, "2Gi"),
    "0 for false": serverWith({ [variable]: "0" }),
  },
  breaks: on,
  message: message("2Gi"),
  unknown: [
    {
      given: serverWith({ [variable]: unknown }),
      later: ["spec.template.spec.containers.0.env.5.value"],
    },
  ],
  ignores: {
    "another part of an instance": {
      ...cronJob,
      props: { ...on.props, metadata: cronJob.props["metadata"] },
    },
    "another type": { ...on, type: "kubernetes:apps/v1:DaemonSet" },
  },
});

test("MLflow's own default is on", async () => {
  expect(
    (await judge(jobExecutionHasMemory, serverWith({ [variable]: undefined }))).violations,
  ).toEqual([message("2Gi")]);
});

test("no limit is no memory for it", async () => {
  expect((await judge(jobExecutionHasMemory, changed(on, limit, undefined))).violations).toEqual([
    message("2Gi"),
  ]);
});

test("another amount by configuration", async () => {
  const config = { memory: { default: "4Gi", tiers: { standard: "1Gi" } } };
  expect(await judge(jobExecutionHasMemory, on, { config })).toEqual(clean);
  expect(
    (await judge(jobExecutionHasMemory, on, { config: { memory: { default: "1500Mi" } } }))
      .violations,
  ).toEqual([message("1500Mi")]);
  await expect(
    judge(jobExecutionHasMemory, on, { config: { memory: { default: "much" } } }),
  ).rejects.toThrow("job-execution-has-memory.memory.default: is not a quantity such as 2Gi");
});
