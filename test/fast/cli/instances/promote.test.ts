import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ofFixtures, project, scripted, type } from "../support/project.ts";

const head =
  "team: shop\nowner: shop@example.com\ndescription: Recommendations in the shop\ncostCenter: ml-1700\n";
const source = "stacks/instances/dev/shop-recommender.yaml";
const target = (stack: string) => `stacks/instances/${stack}/shop-recommender.yaml`;

const withSource = (text: string, more: Record<string, string> = {}) =>
  project({ ...ofFixtures(), [source]: text, ...more });

describe("to an environment that has no such instance", () => {
  test("the file is copied, comments included; the values that differ are said, each with its reason", async () => {
    const text = `# Ours since May.\n${head}# Asked for by compliance.\ndeletedExperimentRetention: 20d\n`;
    const made = withSource(text);
    const { output, refused } = await type(made, ["promote", "shop-recommender", "dev", "prod"]);
    expect(refused).toBeUndefined();
    expect(made.read(target("prod"))).toBe(text);
    const lines = output.split("\n").map((line) => line.replace(/ {2,}/g, "  ").trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        "shop-recommender, dev -> prod",
        "host  shop-recommender.mlflow.dev.example.com -> shop-recommender.mlflow.example.com  the environment's domain",
        "bucket  example-mlflow-dev-shop-recommender -> example-mlflow-prod-shop-recommender  the environment's bucket prefix",
        "tier  sandbox -> production  default of dev there, default of prod here",
        "replicas  1 -> 2  default of tier sandbox there, default of tier production here",
        "databaseConnections  31 -> 84  follows from replicas and workers",
        `written: ${target("prod")}`,
        "npx mlflow-instances preview prod",
      ]),
    );
    // What is the same in both is not said.
    expect(output).not.toMatch(/deletedExperimentRetention|team|timeZone/);
  });

  test("a token lives no longer than the target allows, and that is said", async () => {
    const made = withSource(
      `${head}tokens:\n  # Of the nightly training.\n  ci: { role: edit, expires: 2027-05-20 }\n  dashboard: { role: read, expires: 2027-02-20 }\n`,
    );
    const { output } = await type(made, ["promote", "shop-recommender", "dev", "prod"]);
    expect(made.read(target("prod"))).toBe(
      `${head}tokens:\n  # Of the nightly training.\n  ci: { role: edit, expires: 2027-02-20 }\n  dashboard: { role: read, expires: 2027-02-20 }\n`,
    );
    expect(output).toContain(
      "  tokens.ci.expires: 2027-02-20, not 2027-05-20; the policies allow no later day in prod\n",
    );
    expect(output).not.toContain("tokens.dashboard");
  });

  test("a time zone that the environments set is theirs", async () => {
    const files = ofFixtures();
    const prod = files["stacks/Pulumi.prod.yaml"]!.replace(
      "timeZone: Europe/Berlin",
      "timeZone: Asia/Tokyo",
    );
    const { output } = await type(withSource(head, { "stacks/Pulumi.prod.yaml": prod }), [
      "promote",
      "shop-recommender",
      "dev",
      "prod",
    ]);
    expect(output.replace(/ {2,}/g, "  ")).toContain(
      "  maintenance.timeZone  Europe/Berlin -> Asia/Tokyo  default of dev there, default of prod here\n",
    );
  });

  test("a deletion is never copied", async () => {
    const made = withSource(`${head}delete: shop-recommender\n`);
    const { output } = await type(made, ["promote", "shop-recommender", "dev", "staging"]);
    expect(made.read(target("staging"))).toBe(head);
    expect(output).toContain("  delete: says that the instance goes from dev\n");
  });

  test("an address of its own is never copied", async () => {
    const made = withSource(`${head}host: shop.mlflow.dev.example.com\n`);
    const { output } = await type(made, ["promote", "shop-recommender", "dev", "staging"]);
    expect(made.read(target("staging"))).toBe(head);
    expect(output).toContain("  host: is an address in the domain of dev\n");
  });

  test("--tier says the tier there", async () => {
    const made = withSource(`${head}tier: sandbox\n`);
    const { output } = await type(made, [
      "promote",
      "shop-recommender",
      "dev",
      "staging",
      "--tier",
      "standard",
    ]);
    expect(parse(made.read(target("staging"))!)).toMatchObject({ tier: "standard" });
    expect(output).toContain("  tier: standard by --tier, not sandbox\n");
  });

  test("--dry-run shows it and writes nothing", async () => {
    const made = withSource(head);
    const { output } = await type(made, [
      "promote",
      "shop-recommender",
      "dev",
      "staging",
      "--dry-run",
    ]);
    expect(output).toMatch(
      /differs in staging:[^]*dry run: stacks\/instances\/staging\/shop-recommender\.yaml was not written\.\n$/,
    );
    expect(made.read(target("staging"))).toBeUndefined();
  });
});

describe("to an environment that has it", () => {
  const present = `# Production's own.\n${head}tier: production\nreplicas: 3\ndeletedExperimentRetention: 30d\ntokens:\n  serving: { role: read, expires: 2027-01-31 }\n`;
  const text = `${head}tier: standard\ndeletedExperimentRetention: 20d\nworkers: 3\ntokens:\n  ci: { role: edit, expires: 2027-02-01 }\n`;
  const promoted = present
    .replace("30d", "20d")
    .replace(
      "  serving: { role: read, expires: 2027-01-31 }\n",
      "  serving: { role: read, expires: 2027-01-31 }\n  ci: { role: edit, expires: 2027-02-01 }\nworkers: 3\n",
    );

  test("without --yes and a terminal the change is shown and refused", async () => {
    const made = withSource(text, { [target("prod")]: present });
    const { output, refused } = await type(made, ["promote", "shop-recommender", "dev", "prod"]);
    expect(refused).toBe(
      `${target("prod")} is there already; --yes changes it as shown. Nothing was written.`,
    );
    expect(output.replace(/ {2,}/g, "  ")).toContain(
      [
        `changes in ${target("prod")}:`,
        "  deletedExperimentRetention  30d -> 20d",
        "  tokens.ci  – -> { role: edit, expires: 2027-02-01 }",
        "  workers  – -> 3",
        "",
      ].join("\n"),
    );
    expect(made.read(target("prod"))).toBe(present);
  });

  test("--yes changes it: nothing that only the target says goes, and tier and tokens stay its own", async () => {
    const made = withSource(text, { [target("prod")]: present });
    const { output } = await type(made, ["promote", "shop-recommender", "dev", "prod", "--yes"]);
    expect(made.read(target("prod"))).toBe(promoted);
    expect(output).toContain("  replicas: stays as it is in prod; the file in dev has none\n");
    expect(output).toContain("  tier: production as in prod, not standard\n");
    expect(output).toContain("  tokens.serving: stays as it is in prod\n");
    expect(made.files().filter((file) => file.includes(".new"))).toEqual([]);
  });

  test.each([
    [true, promoted],
    [false, present],
  ])("on a terminal it is asked: %s", async (answer, after) => {
    const made = withSource(text, { [target("prod")]: present });
    const { refused } = await type(made, ["promote", "shop-recommender", "dev", "prod"], {
      asker: scripted({ Change: answer }),
    });
    expect(refused).toBe(answer ? undefined : "Nothing was written.");
    expect(made.read(target("prod"))).toBe(after);
  });

  test("a tier that the target leaves to its environment stays so", async () => {
    const made = withSource(`${head}tier: sandbox\nworkers: 3\n`, { [target("prod")]: head });
    const { output } = await type(made, ["promote", "shop-recommender", "dev", "prod", "--yes"]);
    expect(made.read(target("prod"))).toBe(`${head}workers: 3\n`);
    expect(output).toContain("  tier: the default of prod as in prod, not sandbox\n");
  });

  test("its own share of the database server is not counted twice", async () => {
    const fits = withSource(`${head}databaseConnections: 200\n`, {
      [target("staging")]: `${head}databaseConnections: 380\n`,
    });
    expect(
      (await type(fits, ["promote", "shop-recommender", "dev", "staging", "--yes"])).refused,
    ).toBeUndefined();
  });

  test("a second promotion finds nothing to do", async () => {
    const made = withSource(text, { [target("prod")]: promoted });
    const { output, refused } = await type(made, ["promote", "shop-recommender", "dev", "prod"]);
    expect(refused).toBeUndefined();
    expect(output).toMatch(/says the same already; nothing was written\.\n$/);
  });
});

describe("refused, and nothing is written", () => {
  test.each<[string, string, string[], RegExp]>([
    [
      "a retention outside the target's bounds, with its place and theirs",
      `${head}deletedExperimentRetention: 3d\n`,
      ["dev", "prod"],
      /^prod refuses shop-recommender as it is in dev; nothing was written:\n {2}stacks\/instances\/dev\/shop-recommender\.yaml:5:1 deletedExperimentRetention: is 3d, outside 14d to 35d of tier production in prod\n {2}stacks\/Pulumi\.prod\.yaml: environment\.bounds\.deletedExperimentRetention: 14d to 35d$/,
    ],
    [
      "a name that its tier doesn't allow there",
      head,
      ["dev", "prod"],
      /contains "trial", which only an instance of tier sandbox may/,
    ],
    [
      "sizes for which the server has no connections",
      `${head}replicas: 5\nworkers: 8\n`,
      ["dev", "staging"],
      /need more than its database server has: /,
    ],
    [
      "a file with an error",
      `${head}replica: 2\n`,
      ["dev", "prod"],
      /shop-recommender\.yaml:5:1 replica: unknown key/,
    ],
    [
      "a file that is no YAML",
      `${head}  replicas: 2\n`,
      ["dev", "prod"],
      /^shop-recommender\.yaml of dev is wrong; nothing was written:\n {2}stacks\/instances\/dev\//,
    ],
    ["the same environment", head, ["dev", "dev"], /^dev and dev are the same environment/],
    [
      "no such instance",
      head,
      ["staging", "prod"],
      /^stacks\/instances\/staging\/shop-recommender\.yaml: there is no such instance in staging/,
    ],
    [
      "an unknown environment",
      head,
      ["dev", "production"],
      /^There is no environment "production"; those with a file in stacks\/ are: dev, prod, staging\. `npx mlflow-instances new-environment/,
    ],
  ])("%s", async (what, text, [from = "", to = ""], words) => {
    const name = what.startsWith("a name") ? "shop-trial" : "shop-recommender";
    const made = project({ ...ofFixtures(), [`stacks/instances/dev/${name}.yaml`]: text });
    const before = made.files();
    const { output, refused } = await type(made, ["promote", name, from, to]);
    expect(refused).toMatch(words);
    expect(output).toBe("");
    expect(made.files()).toEqual(before);
  });
});
