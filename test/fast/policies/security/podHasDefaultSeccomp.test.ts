import { expect, test } from "vitest";
import { podHasDefaultSeccomp } from "../../../../policies/security/podHasDefaultSeccomp.ts";
import { changed, container, cronJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, remedied, unknown } from "../support.ts";

const ofContainer = [...container, "securityContext", "seccompProfile"];
const ofPod = [...pod, "securityContext", "seccompProfile"];
const byPod = changed(server, ofContainer, undefined);
const broken = changed(byPod, ofPod, undefined);
const message = (found: string) =>
  `Set spec.template.spec.containers[0].securityContext.seccompProfile (or that of the pod) to { type: RuntimeDefault } (it is ${found}).`;

resourceContract(podHasDefaultSeccomp, {
  passes: {
    "a server": server,
    "a CronJob": cronJob,
    "a pod that says it for its containers": byPod,
  },
  breaks: broken,
  message: message("not set"),
  unknown: [
    {
      given: changed(
        broken,
        [...pod, "initContainers"],
        [{ securityContext: { seccompProfile: { type: unknown } } }],
      ),
      later: ["spec.template.spec.initContainers.0.securityContext.seccompProfile.type"],
      violations: [message("not set")],
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

test("a container may not take it off, and may have a profile of its own", async () => {
  expect(
    (await judge(podHasDefaultSeccomp, changed(server, ofContainer, { type: "Unconfined" })))
      .violations,
  ).toEqual([message("Unconfined")]);
  expect(
    await judge(
      podHasDefaultSeccomp,
      changed(server, ofContainer, { type: "Localhost", localhostProfile: "a.json" }),
    ),
  ).toEqual(clean);
});

test("the remedy says it for the pod where nobody has, and changes no other profile", async () => {
  expect(await remedied(podHasDefaultSeccomp, broken)).toEqual(byPod.props);
  expect(
    await remedied(podHasDefaultSeccomp, changed(byPod, ofPod, { type: "Unconfined" })),
  ).toBeUndefined();
  expect(await remedied(podHasDefaultSeccomp, server)).toBeUndefined();
});
