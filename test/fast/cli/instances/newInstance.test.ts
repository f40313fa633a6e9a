import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { suggestedTokenDay } from "../../../../cli/instances/policyBounds.ts";
import { tierNames } from "../../../../program/values/tiers.ts";
import { flags, ofFixtures, project, scripted, today, type } from "../support/project.ts";
import { shop, without } from "./shop.ts";

// What `new-instance` writes, asks and suggests; newInstanceRefused.test.ts has what it refuses.

const file = "stacks/instances/dev/shop-recommender.yaml";

describe("with flags, and no terminal", () => {
  test("the file is as one writes it by hand, and the next commands are said", async () => {
    const made = project(ofFixtures());
    const { output, refused } = await type(made, [
      "new-instance",
      "shop-recommender",
      ...flags({
        ...shop,
        tier: "standard",
        retention: "14d",
        token: "ci:edit:2027-02-20,dashboard:read:2027-05-01",
      }),
    ]);
    expect(refused).toBeUndefined();
    expect(made.read(file)).toBe(
      [
        "# yaml-language-server: $schema=../../instance.schema.json",
        "team: shop",
        "owner: shop@example.com",
        "description: Recommendations in the shop",
        "tier: standard",
        "costCenter: ml-1700",
        "deletedExperimentRetention: 14d",
        "tokens:",
        "  ci: { role: edit, expires: 2027-02-20 }",
        "  dashboard: { role: read, expires: 2027-05-01 }",
        "",
      ].join("\n"),
    );
    expect(output).toMatch(
      /^written: stacks\/instances\/dev\/shop-recommender\.yaml\nnext:\n {2}npx mlflow-instances preview dev\n/,
    );
    // Roles stand for keys on AWS.
    expect(output).not.toContain("artifactStoreKeys");
  });

  test("no token is made unless it is asked for; the tier is the environment's", async () => {
    const made = project(ofFixtures());
    await type(made, ["new-instance", "shop-recommender", ...flags(shop)]);
    expect(parse(made.read(file)!)).toEqual({
      team: "shop",
      owner: "shop@example.com",
      description: "Recommendations in the shop",
      tier: "sandbox",
      costCenter: "ml-1700",
    });
  });

  test("on a store with users the key that is left to make is said", async () => {
    const existing = `config:
  mlflow-instances:environment:
    domain: mlflow.example.com
    platform:
      kind: existing
      kubernetes: { kubeconfig: /kubeconfig, context: one }
      postgresql: { host: 10.0.0.1, port: 5432, adminUser: a, sslMode: verify-full, superuser: false, maxConnections: 100 }
      objectStore:
        endpoint: https://10.0.0.2
        region: eu
        accessKeyId: A
        features: { versioning: true, lifecycle: true, encryption: true, publicAccessBlock: true, policyConditions: true, objectOwnership: true }
      ingress: { className: nginx, controllerNamespace: ingress-nginx, tls: { source: certManager, clusterIssuer: le } }
      image: registry.example.com/tracking-server:3.17.2
    artifacts: { access: proxied }
`;
    const made = project({ "stacks/Pulumi.onprem.yaml": existing });
    const { output, refused } = await type(made, [
      "new-instance",
      "shop-recommender",
      ...flags({ ...without(shop, "cost-center"), stack: "onprem" }),
    ]);
    expect(refused).toBeUndefined();
    expect(output).toMatch(
      /pulumi config set --secret artifactStoreKeys --stack onprem .*"shop-recommender"/,
    );
  });

  test("for the embedded platform, whose stack file may not be there yet", async () => {
    const made = project();
    const { output } = await type(made, [
      "new-instance",
      "shop-recommender",
      ...flags({ ...without(shop, "cost-center"), stack: "local" }),
    ]);
    expect(output).toBe(
      "written: stacks/instances/local/shop-recommender.yaml\nnext:\n  npm run local -- configure   # to preview it: docs/previews.md\n  npm run local\n",
    );
    expect(parse(made.read("stacks/instances/local/shop-recommender.yaml")!)).toMatchObject({
      tier: "sandbox",
    });
  });
});

test("the last day that is suggested for a token is refused by nothing, whatever the tier is", async () => {
  const made = project(ofFixtures());
  for (const environment of ["dev", "prod"])
    expect(suggestedTokenDay(made.root, environment, today)).toBe("2027-02-20");
  const token = `ci:edit:${suggestedTokenDay(made.root, "dev", today)}`;
  for (const tier of tierNames) {
    const { refused } = await type(project(ofFixtures()), [
      "new-instance",
      "shop-recommender",
      ...flags({ ...shop, tier, token }),
    ]);
    expect(refused).toBeUndefined();
  }
});

test("an exclusion or a level in stacks/policies.json holds here, too", async () => {
  const token = { ...shop, token: "ci:edit:2027-09-01" };
  const configured = async (policies: object) => {
    const made = project({
      ...ofFixtures(),
      "stacks/policies.json": JSON.stringify({ "token-expires-in-time": policies }),
    });
    return (await type(made, ["new-instance", "shop-recommender", ...flags(token)])).refused;
  };
  const exclusion = {
    instance: "shop-recommender",
    reason: "until their pipeline renews tokens by itself",
  };
  expect(await configured({ enforcementLevel: "advisory" })).toBeUndefined();
  expect(await configured({ maxDays: { environments: { dev: 300 } } })).toBeUndefined();
  expect(await configured({ exclusions: [{ ...exclusion, until: "2026-11-22" }] })).toBeUndefined();
  expect(await configured({ exclusions: [{ ...exclusion, until: "2026-11-21" }] })).toMatch(
    /token-expires-in-time/,
  );
  expect(await configured({ maxDay: 3 })).toMatch(
    /^stacks\/policies\.json is wrong; nothing was written:\n {2}token-expires-in-time: /,
  );
});

test("on a terminal what is missing is asked, the environment first; a wrong answer is refused at once", async () => {
  const made = project(ofFixtures());
  const asker = scripted({
    Environment: "staging",
    "Name of the instance": ["shop-xgboost", "shop-recommender"],
    Team: ["Shop Team", "shop"],
    "E-mail": "shop@example.com",
    "What it is for": "Recommendations in the shop",
    Size: "standard",
    "Cost center": "ml-1700",
  });
  const { refused } = await type(made, ["new-instance"], { asker });
  expect(refused).toBeUndefined();
  expect(asker.asked[0]).toEqual({
    question: "Environment that it is made in",
    choices: ["dev", "prod", "staging", "local"],
    suggestion: undefined,
  });
  expect(asker.asked.find(({ choices }) => choices?.includes("sandbox"))?.suggestion).toBe(
    "standard",
  );
  expect(asker.refused).toEqual([
    expect.stringContaining('contains the algorithm "xgboost"'),
    expect.stringContaining("is a label on everything"),
  ]);
  expect(made.files()).toContain("stacks/instances/staging/shop-recommender.yaml");
});
