import { expect, test } from "vitest";
import { mlflowIsRecent } from "../../../../policies/security/mlflowIsRecent.ts";
import { changed, cronJob, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { clean, judge, unknown } from "../support.ts";

const key = "mlflow-instances/mlflow-version";
const at = (version: string | undefined) => namespace({}, { [key]: version });
const old = (version: string, path = "metadata.annotations", least = "3.17") =>
  `MLflow is ${version} (${path} ${key}); use an image with ${least} or later (platform.image and platform.mlflowVersion of the environment).`;

resourceContract(mlflowIsRecent, {
  passes: {
    "a namespace": namespace(),
    "a server": server,
    "a CronJob": cronJob,
    "a server that says none": changed(server, ["spec", "template", "metadata"], {}),
  },
  breaks: at("3.16.2"),
  message: old("3.16.2"),
  unknown: [{ given: at(unknown), later: [`metadata.annotations.${key}`] }],
  ignores: {
    "a namespace of no instance": foreignNamespace,
    "a workload of no instance": changed(
      changed(server, ["metadata"], { name: "other", namespace: "other" }),
      ["spec", "template", "metadata", "annotations", key],
      "1.0",
    ),
    "another type": { ...at("1.0"), type: "kubernetes:core/v1:Secret" },
  },
});

test.each(["3.17", "3.17.0", "3.17.0.post1", "3.18.0rc1", "4.0.0"])(
  "%s passes",
  async (version) => {
    expect(await judge(mlflowIsRecent, at(version))).toEqual(clean);
  },
);

test.each(["3.17.0rc1", "3.17.0.dev0", "3.9.0", "2.99.9"])("%s is too old", async (version) => {
  expect((await judge(mlflowIsRecent, at(version))).violations).toEqual([old(version)]);
});

test("what says no version, or none at all", async () => {
  expect((await judge(mlflowIsRecent, at("newest"))).violations).toEqual([
    `metadata.annotations ${key} is "newest", which is no version; set it to one such as 3.17.2.`,
  ]);
  expect((await judge(mlflowIsRecent, at(undefined))).violations).toEqual([
    `Set metadata.annotations ${key} to the version of MLflow that the instance's image holds.`,
  ]);
});

test("a workload", async () => {
  const given = changed(server, ["spec", "template", "metadata", "annotations", key], "3.1.0");
  expect((await judge(mlflowIsRecent, given)).violations).toEqual([
    old("3.1.0", "spec.template.metadata.annotations"),
  ]);
});

test("another least version by configuration", async () => {
  expect(
    (await judge(mlflowIsRecent, at("3.17.2"), { config: { least: "3.17.3" } })).violations,
  ).toEqual([old("3.17.2", "metadata.annotations", "3.17.3")]);
  await expect(judge(mlflowIsRecent, at("3.17.2"), { config: { least: "new" } })).rejects.toThrow(
    "mlflow-is-recent.least: is not a version such as 3.17",
  );
});
