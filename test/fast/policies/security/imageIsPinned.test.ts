import { expect, test } from "vitest";
import { imageIsPinned } from "../../../../policies/security/imageIsPinned.ts";
import { changed, container, cronJob, image, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const at = (value: string | undefined) => changed(server, [...container, "image"], value);
const message = (found: string, wanted: string, suggested: string) =>
  `spec.template.spec.containers[0].image is ${found}; set it (platform.image of the environment) to ${wanted} digest: ${suggested}@sha256:….`;

const tagged = "registry.example.com:5000/tracking-server:3.17.2";
const broken = message(tagged, "a", tagged);

resourceContract(imageIsPinned, {
  passes: { "a server": server, "a CronJob": cronJob },
  breaks: at(tagged),
  message: broken,
  unknown: [
    {
      given: changed(at(tagged), [...pod, "initContainers"], [{ image: unknown }]),
      later: ["spec.template.spec.initContainers.0.image"],
      violations: [broken],
    },
  ],
  ignores: {
    "a workload of no instance": changed(at(tagged), ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...at(tagged), type: "kubernetes:core/v1:ConfigMap" },
  },
});

const shortened = image.slice(0, -1);

test.each([
  ["registry.example.com:5000/server", "registry.example.com:5000/server"],
  ["server:latest", "server"],
  [shortened, "registry.example.com/tracking-server:3.17.2"],
])("%s is not pinned, whatever is asked for", async (found, suggested) => {
  expect((await judge(imageIsPinned, at(found))).violations).toEqual([
    message(found, "a", suggested),
  ]);
});

test("where an exact tag is enough, latest and no tag are still refused", async () => {
  const config = { pin: { environments: { dev: "tag" } } };
  expect(await judge(imageIsPinned, at(tagged), { config })).toEqual(clean);
  for (const found of [
    "registry.example.com:5000/server",
    "registry.example.com:5000/server:latest",
  ])
    expect((await judge(imageIsPinned, at(found), { config })).violations).toEqual([
      message(found, "an exact tag, or to a", "registry.example.com:5000/server"),
    ]);
});

test("a container without an image", async () => {
  expect((await judge(imageIsPinned, at(undefined))).violations).toEqual([
    "spec.template.spec.containers[0].image is not set.",
  ]);
});
