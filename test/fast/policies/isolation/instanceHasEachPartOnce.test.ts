import { describe, expect, test } from "vitest";
import { instanceHasEachPartOnce } from "../../../../policies/isolation/instanceHasEachPartOnce.ts";
import { changed } from "../compliantInstance.ts";
import { listenerSet, redirect, route, routed, routeToOwnListener } from "../compliantRoutes.ts";
import { stackContract } from "../contract.ts";
import { foreignNamespace } from "../fixtures.ts";
import { beingDeleted, instance, part, with_, type Part } from "../instances.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const component = ["metadata", "labels", "app.kubernetes.io/component"] as const;
const scheme = ["spec", "rules", 0, "filters", 0, "requestRedirect", "scheme"] as const;
const hidden = (which: Part) => changed(part(which), component, unknown);

const running = ["migration", "tokens", "retention", "staleRuns", "ingress"] as const;
const gone = Object.fromEntries(
  [...running, "service", "role", "retentionRole", "staleRunsRole"].map((which) => [
    which,
    undefined,
  ]),
);

stackContract(instanceHasEachPartOnce, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "a name with dashes": instance("search-ranker"),
    "a name that ends as a job's role": instance("data-retention"),
    "a route in place of the ingress": routed(),
    "a route with its redirect and a listener": routed([routeToOwnListener, redirect, listenerSet]),
    "an ingress with a redirect": with_(redirect),
  },
  breaks: instance("shop", { retention: undefined }),
  message:
    "urn:shop-namespace: Instance shop has no retention job (CronJob, component retention); add it, with the instance's labels or tags.",
  unknown: [
    {
      given: instance("shop", {
        role: changed(part("role"), ["name"], unknown),
        retentionRole: changed(part("retentionRole"), ["name"], unknown),
      }),
      later: ["name"],
    },
    { given: instance("shop", { server: hidden("server") }), later: [component.join(".")] },
    { given: routed([changed(redirect, scheme, unknown)]), later: [scheme.join(".")] },
  ],
  ignores: {
    "roles under other names, which database-follows-instance judges": instance("shop", {
      role: changed(part("role"), ["name"], "models"),
      retentionRole: changed(part("retentionRole"), ["name"], "gc"),
      staleRunsRole: {
        ...changed(part("staleRunsRole"), ["name"], "models_stale_runs"),
        name: "shop-cleaner",
      },
    }),
    "a namespace that is no instance's": [foreignNamespace],
    "what is nobody's": with_({
      type: "aws:s3/bucket:Bucket",
      name: "logs",
      props: { bucket: "logs" },
    }),
    "an instance on its way out, which keeps its data only": instance("shop", {
      namespace: beingDeleted,
      ...gone,
    }),
    "another Deployment of the instance": with_(
      changed({ ...part("server"), name: "shop-proxy", urn: "urn:shop-proxy" }, component, "proxy"),
    ),
  },
});

describe.each<[Part, string]>([
  ["bucket", "bucket"],
  ["database", "database"],
  ["role", "database owner role"],
  ["retentionRole", "retention role"],
  ["staleRunsRole", "stale-runs role"],
  ["server", "tracking server (Deployment, component tracking-server)"],
  ["service", "Service (component tracking-server)"],
  ["migration", "migration (Job, component migration)"],
  ["tokens", "token Secret (component access-tokens)"],
  ["retention", "retention job (CronJob, component retention)"],
  ["staleRuns", "stale-runs job (CronJob, component stale-runs)"],
  ["ingress", "Ingress or HTTPRoute"],
])("%s", (which, what) => {
  test("none", async () => {
    expect(
      (await judgeStack(instanceHasEachPartOnce, instance("shop", { [which]: undefined })))
        .violations,
    ).toEqual([
      `urn:shop-namespace: Instance shop has no ${what}; add it, with the instance's labels or tags.`,
    ]);
  });
  test("two", async () => {
    const { name, ...rest } = part(which);
    const second = { ...rest, name: `shop-second-${which}`, urn: "urn:second" };
    expect((await judgeStack(instanceHasEachPartOnce, with_(second))).violations).toEqual([
      `urn:second: Instance shop has 2 of ${what}: ${name}, shop-second-${which}; remove all but one, or label it as what it is.`,
    ]);
  });
  test("another instance's does not count", async () => {
    const stack = [...instance("shop", { [which]: undefined }), ...instance("search")];
    expect((await judgeStack(instanceHasEachPartOnce, stack)).violations).toEqual([
      `urn:shop-namespace: Instance shop has no ${what}; add it, with the instance's labels or tags.`,
    ]);
  });
});

test("an instance on its way out still has its data", async () => {
  const stack = instance("shop", {
    namespace: beingDeleted,
    ...gone,
    bucket: undefined,
    database: undefined,
  });
  expect((await judgeStack(instanceHasEachPartOnce, stack)).violations).toEqual([
    "urn:shop-namespace: Instance shop has no bucket; add it, with the instance's labels or tags.",
    "urn:shop-namespace: Instance shop has no database; add it, with the instance's labels or tags.",
  ]);
});

test("a part that the platform has another way for may be missing, and two are still one too many", async () => {
  const config = { optional: ["stale-runs job (CronJob, component stale-runs)"] };
  expect(
    await judgeStack(instanceHasEachPartOnce, instance("shop", { staleRuns: undefined }), {
      config,
    }),
  ).toEqual(clean);
  const second = { ...part("staleRuns"), name: "shop-second", urn: "urn:second" };
  expect(
    (await judgeStack(instanceHasEachPartOnce, with_(second), { config })).violations,
  ).toHaveLength(1);
  await expect(
    judgeStack(instanceHasEachPartOnce, instance(), { config: { optional: ["pods"] } }),
  ).rejects.toThrow(/instance-has-each-part-once\.optional\[0\]: /);
});

test("a route is the same part as an ingress, in every version of the API; one that only redirects is none", async () => {
  const none =
    "urn:shop-namespace: Instance shop has no Ingress or HTTPRoute; add it, with the instance's labels or tags.";
  const verdict = async (stack: Given[], config?: object) =>
    (await judgeStack(instanceHasEachPartOnce, stack, { ...(config && { config }) })).violations;
  for (const version of ["v1", "v1beta1"]) {
    const older = { ...route, type: route.type.replace("v1", version) };
    expect(await verdict(with_(older))).toEqual([
      "urn:shop-route: Instance shop has 2 of Ingress or HTTPRoute: shop-ingress, shop-route; remove all but one, or label it as what it is.",
    ]);
  }
  expect(await verdict(routed([redirect, listenerSet]))).toEqual([none]);
  const toPlainHttp = changed(redirect, scheme, "http");
  expect(await verdict(routed([route, toPlainHttp]))).toHaveLength(1);
  expect(await verdict(routed([]), { optional: ["Ingress"] })).toEqual([]);
});
