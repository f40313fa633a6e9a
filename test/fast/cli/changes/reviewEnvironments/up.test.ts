import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Refusal } from "../../../../../cli/refusal.ts";
import { upReview, type ReviewRequest } from "../../../../../cli/changes/reviewEnvironments/up.ts";
import { fixtureValues } from "../../../program/support.ts";
import { fakePulumi, stateOf, type FakeStack } from "./fakePulumi.ts";

// What `up` asks of Git and the CLI. What the CLI then does is the engine test's business.

const today = "2026-11-22";
const good = "team: shop\nowner: a@example.com\ndescription: d\n";
const secrets = [
  "postgresqlAdminPassword",
  "objectStoreSecretAccessKey",
  "artifactStoreKeys",
  "tlsCertificate",
  "tlsPrivateKey",
];
const baseFile = (header: object = { encryptionsalt: "v1:salt" }): string =>
  stringify({
    ...header,
    config: {
      "pulumi:disable-default-providers": ["*"],
      "mlflow-instances:environment": fixtureValues(),
      ...Object.fromEntries(
        secrets.map((key) => [`mlflow-instances:${key}`, { secure: `v1:of-${key}` }]),
      ),
    },
  });

const files = {
  "root/stacks/Pulumi.dev.yaml": baseFile(),
  "root/stacks/instances/dev/shop.yaml": good,
  "root/stacks/instances/dev/cart.yml": good,
};
const dev: FakeStack = { state: stateOf("dev", { outputs: { instances: {} } }) };
const request = (more: Partial<ReviewRequest> = {}): ReviewRequest => ({
  ...{ pullRequest: 12, from: "dev", instances: ["shop"], base: undefined, ttl: "7d" },
  ...more,
});
const fileOf = (root: string): any =>
  parse(readFileSync(join(root, "stacks", "Pulumi.pr-12.yaml"), "utf8"));

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refusal)) throw new Error("it was not refused", { cause: error });
  return error.message;
}

describe("the stack", () => {
  test("lives on the database server that its base makes", async () => {
    const identifierOf = async (identifier: string | undefined) => {
      const values: any = fixtureValues("aws");
      if (identifier !== undefined) values.platform.database.rds.identifier = identifier;
      const base = stringify({
        config: {
          "pulumi:disable-default-providers": ["*"],
          "mlflow-instances:environment": values,
        },
      });
      const fake = fakePulumi({ dev }, { ...files, "root/stacks/Pulumi.dev.yaml": base });
      await upReview(fake.workplace, request(), today);
      return fileOf(fake.root).config["mlflow-instances:environment"].platform.database.rds
        .identifier as string;
    };
    expect(await identifierOf(undefined)).toBe("mlflow-dev");
    expect(await identifierOf("shared")).toBe("shared");
  });

  test("is made with the base's secrets provider and config, then updated", async () => {
    const fake = fakePulumi({ dev }, files);
    const { preview, stack } = await upReview(fake.workplace, request(), today);
    expect({ preview, stack }).toEqual({
      stack: "pr-12",
      preview: { pullRequest: 12, until: "2026-11-29", instances: ["shop"] },
    });
    expect(fake.calls()).toEqual([
      "stack ls --json",
      "stack init pr-12 --no-select --secrets-provider passphrase",
      "config cp --stack dev --dest pr-12",
      "stack export --stack pr-12",
      "up --continue-on-error --stack pr-12",
    ]);
    const { config, encryptionsalt } = fileOf(fake.root);
    expect(encryptionsalt).toBe("v1:salt");
    expect(config["mlflow-instances:environment"]).toEqual({ ...fixtureValues(), preview });
    expect(config["mlflow-instances:instancesFolder"]).toBe("stacks/instances/dev");
    expect(config["pulumi:disable-default-providers"]).toEqual(["*"]);
    expect(readFileSync(join(fake.root, "stacks", "Pulumi.pr-12.yaml"), "utf8")).toContain(
      'until: "2026-11-29"',
    );
  });

  test("is renewed without being made again, from whatever its file has become", async () => {
    const before = stateOf("pr-12", {
      outputs: { preview: { pullRequest: 12, until: "2026-11-23" } },
    });
    const fake = fakePulumi(
      { dev, "pr-12": { state: before } },
      { ...files, "root/stacks/Pulumi.pr-12.yaml": "config: {old: value}\n" },
    );
    await upReview(fake.workplace, request({ instances: ["cart"], ttl: "14d" }), today);
    expect(fake.calls().filter((call) => call.startsWith("stack init"))).toEqual([]);
    const { config } = fileOf(fake.root);
    expect(config.old).toBeUndefined();
    expect(config["mlflow-instances:environment"].preview).toEqual({
      pullRequest: 12,
      until: "2026-12-06",
      instances: ["cart"],
    });
  });

  test("of that name that is something else is left alone", async () => {
    const fake = fakePulumi(
      { dev, "pr-12": { state: stateOf("pr-12", { outputs: { url: "https://example.com" } }) } },
      files,
    );
    expect(await refusalOf(upReview(fake.workplace, request(), today))).toBe(
      'pr-12 is left alone: its outputs have no "preview": it was not made as a review environment',
    );
    expect(fake.calls()).toEqual(["stack ls --json", "stack export --stack pr-12"]);
    expect(existsSync(join(fake.root, "stacks", "Pulumi.pr-12.yaml"))).toBe(false);
  });

  test("gets a key service's own data key, and a backend's provider where the base names none", async () => {
    const service = { secretsprovider: "awskms://alias/pulumi", encryptedkey: "AQICAHh" };
    const kms = fakePulumi({ dev }, { ...files, "root/stacks/Pulumi.dev.yaml": baseFile(service) });
    await upReview(kms.workplace, request(), today);
    expect(kms.calls()).toContain(
      "stack init pr-12 --no-select --secrets-provider awskms://alias/pulumi",
    );
    expect(fileOf(kms.root)).toMatchObject(service);
    const cloud = fakePulumi({ dev }, { ...files, "root/stacks/Pulumi.dev.yaml": baseFile({}) });
    await upReview(cloud.workplace, request(), today);
    expect(cloud.calls()).toContain("stack init pr-12 --no-select");
  });
});

test.each<[string, Partial<ReviewRequest>, string]>([
  [
    "a base that is not there",
    { from: "staging" },
    "--from staging: no such stack; those with a file in stacks/ are dev",
  ],
  [
    "a base that is itself a preview",
    { from: "pr-11" },
    "--from pr-11: a preview is made from an environment that stays, not from another preview",
  ],
  [
    "an instance without a file",
    { instances: ["shop", "cat"] },
    "--instances: stacks/instances/dev has no file of cat; it has cart, shop",
  ],
  [
    "no choice at all",
    { instances: undefined },
    "Which instances? --instances <names> says it, or --base <git ref> for those whose files changed since.",
  ],
  ["too long a life", { ttl: "15d" }, "--ttl 15d: expected 1d to 14d, a whole number of days"],
  ["no life", { ttl: "0d" }, "--ttl 0d: expected 1d to 14d, a whole number of days"],
  ["a life without its unit", { ttl: "7" }, "--ttl 7: expected 1d to 14d, a whole number of days"],
  ["a life in hours", { ttl: "48h" }, "--ttl 48h: expected 1d to 14d, a whole number of days"],
])("%s is refused before anything is called", async (_, more, message) => {
  const fake = fakePulumi({ dev }, files);
  expect(await refusalOf(upReview(fake.workplace, request(more), today))).toBe(message);
  expect(fake.calls()).toEqual([]);
});

test("a base whose file is wrong is told with its places, and no secret", async () => {
  const fake = fakePulumi(
    { dev },
    { ...files, "root/stacks/Pulumi.dev.yaml": baseFile().replace("kind: existing", "kind: gke") },
  );
  const refusal = await refusalOf(upReview(fake.workplace, request(), today));
  expect(refusal).toContain("--from dev: its file is wrong; nothing was changed:");
  expect(refusal).toContain(
    'mlflow-instances:environment.platform.kind: is "gke", not one of existing, aws',
  );
  expect(refusal).not.toContain("of-postgresqlAdminPassword");
});

describe("the default choice", () => {
  async function repository(
    change: (
      write: (path: string, text: string) => Promise<void>,
      git: (...args: string[]) => Promise<unknown>,
    ) => Promise<void>,
  ) {
    const fake = fakePulumi(
      { dev },
      { ...files, "root/README.md": "a\n", "root/stacks/instances/prod/shop.yaml": good },
    );
    const git = (...args: string[]) =>
      execa("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: fake.root,
      });
    const { writeFile } = await import("node:fs/promises");
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "base");
    await git("checkout", "--quiet", "-b", "feature");
    await change((path, text) => writeFile(join(fake.root, path), text), git);
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "--message", "change");
    return fake;
  }
  const chosen = async (fake: ReturnType<typeof fakePulumi>, base = "main") =>
    (await upReview(fake.workplace, request({ instances: undefined, base }), today)).preview
      .instances;

  test("is what the branch adds or changes, not what went on with its base", async () => {
    const fake = await repository(async (write, git) => {
      await write("stacks/instances/dev/cart.yml", `${good}tier: sandbox\n`);
      await write("stacks/instances/dev/new-shop.yaml", good);
      await write("stacks/instances/prod/shop.yaml", `${good}tier: production\n`);
      await git("stash", "--include-untracked");
      await git("checkout", "--quiet", "main");
      await write("stacks/instances/dev/shop.yaml", `${good}tier: production\n`);
      await git("commit", "--quiet", "--all", "--message", "elsewhere");
      await git("checkout", "--quiet", "feature");
      await git("stash", "pop");
    });
    expect(await chosen(fake)).toEqual(["cart", "new-shop"]);
  });

  test("leaves out what is deleted or about to be", async () => {
    const fake = await repository(async (write, git) => {
      await write("stacks/instances/dev/shop.yaml", `${good}delete: shop\n`);
      await git("rm", "--quiet", "stacks/instances/dev/cart.yml");
      await write("stacks/instances/dev/desk.yaml", good);
    });
    expect(await chosen(fake)).toEqual(["desk"]);
  });

  test("is an error when nothing changed, and when Git does not know the base", async () => {
    const fake = await repository((write) => write("README.md", "b\n"));
    expect(await refusalOf(chosen(fake))).toBe(
      "No instance file in stacks/instances/dev changed since main; name with --instances which to show: cart, shop",
    );
    for (const base of ["nowhere", "--output=/tmp/x", ""])
      expect(await refusalOf(chosen(fake, base))).toContain(base);
    expect(fake.calls()).toEqual([]);
  });
});
