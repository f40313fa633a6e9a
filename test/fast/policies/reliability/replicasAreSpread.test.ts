import { expect, test } from "vitest";
import { replicasAreSpread } from "../../../../policies/reliability/replicasAreSpread.ts";
import { changed, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const spread = [...pod, "topologySpreadConstraints"];
const message =
  "Set spec.template.spec.topologySpreadConstraints (or podAntiAffinity) with topologyKey kubernetes.io/hostname and a labelSelector that selects these pods.";
const broken = changed(server, spread, undefined);
const labelSelector = { matchLabels: { "app.kubernetes.io/instance": "shop" } };
const apart = { topologyKey: "topology.kubernetes.io/zone", labelSelector };

resourceContract(replicasAreSpread, {
  passes: {
    "two that are spread": server,
    "one alone": changed(broken, ["spec", "replicas"], 1),
    "pods that keep apart": changed(broken, [...pod, "affinity"], {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] },
    }),
    "pods that prefer to keep apart": changed(broken, [...pod, "affinity"], {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: apart }],
      },
    }),
  },
  breaks: broken,
  message,
  unknown: [{ given: changed(broken, ["spec", "replicas"], unknown), later: ["spec.replicas"] }],
  ignores: {
    "another part of an instance": changed(
      broken,
      ["metadata", "labels", "app.kubernetes.io/component"],
      "exporter",
    ),
    "another type": { ...broken, type: "kubernetes:apps/v1:DaemonSet" },
  },
});

test.each([
  ["over something else", { topologyKey: "example.com/rack", labelSelector }],
  [
    "other pods",
    {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: { "app.kubernetes.io/instance": "search" } },
    },
  ],
  ["no pods", { topologyKey: "kubernetes.io/hostname" }],
])("a constraint that spreads %s does not count", async (_, constraint) => {
  expect(
    (await judge(replicasAreSpread, changed(server, spread, [constraint]))).violations,
  ).toEqual([message]);
});

test("a deployment with one replica by default is not asked", async () => {
  expect(await judge(replicasAreSpread, changed(broken, ["spec", "replicas"], undefined))).toEqual(
    clean,
  );
});
