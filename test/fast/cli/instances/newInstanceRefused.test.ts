import { describe, expect, test } from "vitest";
import { flags, ofFixtures, project, type } from "../support/project.ts";
import { shop, without } from "./shop.ts";

// What `new-instance` refuses, each before anything is written.

describe("nothing is written", () => {
  test.each<[string, string[], RegExp]>([
    [
      "nothing given",
      [],
      / {2}<name>: .*\n {2}--stack <stack>: .*\(one of dev, prod, staging, local\)\n {2}--team <team>: /,
    ],
    [
      "some given",
      ["shop-recommender", ...flags(without(shop, "owner", "cost-center"))],
      /:\n {2}--owner <address>: .*\n {2}--cost-center <text>: .*$/,
    ],
    [
      "an algorithm in the name",
      ["shop-xgboost", ...flags(shop)],
      / {2}<name>: contains the algorithm "xgboost"/,
    ],
    [
      "a name for trials",
      ["shop-demo", ...flags({ ...shop, tier: "standard" })],
      /contains "demo", which only an instance of tier sandbox may/,
    ],
    [
      "an unknown environment",
      ["shop-recommender", ...flags({ ...shop, stack: "qa" })],
      / {2}--stack: qa is not one of /,
    ],
    [
      "an environment of a pull request",
      ["shop-recommender", ...flags({ ...shop, stack: "pr-12" })],
      / {2}--stack: pr-12 is not one of dev, prod, staging, local$/,
    ],
    [
      "an unknown tier",
      ["shop-recommender", ...flags({ ...shop, tier: "gold" })],
      / {2}--tier: gold is not one of sandbox, standard, production$/,
    ],
    [
      "no address",
      ["shop-recommender", ...flags({ ...shop, owner: "shop" })],
      / {2}--owner \(owner\): is "shop"; expected an e-mail address, such as team@example\.com$/,
    ],
    [
      "a retention outside the bounds",
      ["shop-recommender", ...flags({ ...shop, retention: "60d" })],
      / {2}--retention \(deletedExperimentRetention\): is 60d, outside 1d to 30d/,
    ],
    [
      "a token that is none",
      ["shop-recommender", ...flags({ ...shop, token: "ci" })],
      / {2}--token: ci is not <name>:<role>:<last day>/,
    ],
    [
      "a token twice",
      ["shop-recommender", ...flags({ ...shop, token: "ci:edit:2027-02-20,ci:read:2027-02-20" })],
      / {2}--token: ci is there twice$/,
    ],
    [
      "an unknown role",
      ["shop-recommender", ...flags({ ...shop, token: "ci:root:2027-02-20" })],
      / {2}--token \(tokens\.ci\.role\): is "root", not one of read, /,
    ],
    [
      "a token beyond the policies",
      ["shop-recommender", ...flags({ ...shop, token: "ci:edit:2027-05-22" })],
      / {2}--token \(tokens\.ci\.expires\): is 2027-05-22; the policy token-expires-in-time allows 2027-05-21 or earlier for tier sandbox in dev$/,
    ],
    [
      "a token beyond the policies of production",
      ["shop-recommender", ...flags({ ...shop, stack: "prod", token: "ci:edit:2027-02-21" })],
      / allows 2027-02-20 or earlier for tier production in prod$/,
    ],
  ])("%s", async (_what, line, words) => {
    const made = project({ ...ofFixtures(), "stacks/Pulumi.pr-12.yaml": "config: {}\n" });
    const before = made.files();
    const { output, refused } = await type(made, ["new-instance", ...line]);
    expect(refused).toMatch(words);
    expect(output).toBe("");
    expect(made.files()).toEqual(before);
  });

  test.each(["dev", "local"])(
    "over a file of %s that is there, whichever its ending",
    async (stack) => {
      const path = `stacks/instances/${stack}/shop-recommender.yml`;
      const made = project({ ...ofFixtures(), [path]: "team: shop\n" });
      const line = ["new-instance", "shop-recommender", ...flags({ ...shop, stack })];
      const { refused } = await type(made, line);
      expect(refused).toBe(
        `${path} is there already; nothing was written. Edit it, or choose another name.`,
      );
      expect(made.read(path)).toBe("team: shop\n");
    },
  );

  test("with a host that another file sets, or a database role of another instance", async () => {
    const one = "team: ab\nowner: a@example.com\ndescription: a\ntier: sandbox\ncostCenter: a\n";
    const domain = /domain: (\S+)/.exec(ofFixtures()["stacks/Pulumi.dev.yaml"]!)![1]!;
    const made = project({
      ...ofFixtures(),
      "stacks/instances/dev/cart.yaml": `${one}host: shop-recommender.${domain}\n`,
      "stacks/instances/dev/till.yaml": one,
    });
    const refusal = async (name: string) =>
      (await type(made, ["new-instance", name, ...flags(shop)])).refused;
    expect(await refusal("shop-recommender")).toContain(
      `with it cart is wrong: host is shop-recommender.${domain}, which is the host of shop-recommender; choose another`,
    );
    expect(await refusal("till-retention")).toContain(
      "the database role mlflow_till_retention is also that of till; give the newer one another name",
    );
  });

  test("into an environment whose database server is full", async () => {
    const names = ["claims-triage", "demand-forecast", "fraud-detector", "search-ranker"];
    const one = "team: ab\nowner: a@example.com\ndescription: a\ntier: standard\ncostCenter: a\n";
    const made = project({
      ...ofFixtures(),
      ...Object.fromEntries(names.map((name) => [`stacks/instances/dev/${name}.yaml`, one])),
    });
    const { refused } = await type(made, [
      "new-instance",
      "shop-recommender",
      ...flags({ ...shop, tier: "standard" }),
    ]);
    expect(refused).toMatch(
      /with it the instances of dev need more than its database server has: .*maxConnections is 300/,
    );
  });

  test("with a stack file that is wrong", async () => {
    const files = ofFixtures();
    const made = project({
      ...files,
      "stacks/Pulumi.dev.yaml": files["stacks/Pulumi.dev.yaml"]!.replace("kind: aws", "kind: gke"),
    });
    const { refused } = await type(made, ["new-instance", "shop-recommender", ...flags(shop)]);
    expect(refused).toMatch(
      /^The stack file of dev is wrong; nothing was written:\n {2}.*Pulumi\.dev\.yaml:\d+:\d+ .*platform\.kind: is "gke"/,
    );
  });
});
