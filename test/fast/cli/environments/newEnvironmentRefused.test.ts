import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flags, project, type } from "../support/project.ts";
import { existing, without } from "./support/environmentValues.ts";

// What new-environment refuses, and that it has written nothing then.

describe("nothing is written", () => {
  const refusedBy = async (
    name: string[],
    values: Record<string, string>,
    files: Record<string, string> = {},
  ) => {
    const made = project(files);
    const before = made.files();
    const { refused, output } = await type(made, ["new-environment", ...name, ...flags(values)]);
    expect(made.files()).toEqual(before);
    expect(output).toBe("");
    return refused;
  };

  test("without a terminal, all that is missing is said at once, with its question and its choices", async () => {
    expect(await refusedBy(["eu"], without(existing, "domain", "image", "store-features"))).toMatch(
      /^Values are missing that have no good default \(on a terminal they are asked for\); nothing was written:\n {2}--domain <domain>: Domain of the instances[^\n]+\n {2}--store-features <features>: [^\n]+\(any of versioning, lifecycle, encryption, publicAccessBlock, policyConditions, objectOwnership\)\n {2}--image <reference>: [^\n]+$/,
    );
    expect(await refusedBy([], {})).toMatch(
      / {2}<name>: Name of the environment[^\n]+\n {2}--kind <kind>: /,
    );
  });

  test("all that is wrong is said at once, each of its flag", async () => {
    const wrong = {
      ...existing,
      "max-connections": "10",
      "store-endpoint": "http://10.20.0.6",
      image: "tracking-server:latest",
    };
    expect(await refusedBy(["eu"], wrong)).toBe(
      [
        "Wrong values; nothing was written:",
        "  --max-connections (platform.postgresql.maxConnections): is 10, less than 20",
        '  --store-endpoint (platform.objectStore.endpoint): is "http://10.20.0.6"; expected an https:// address',
        '  --image (platform.image): is "tracking-server:latest"; expected a reference with a digest or an exact tag (latest is none)',
      ].join("\n"),
    );
  });

  test("a name is asked for its addresses, because network policies open no names", async () => {
    expect(await refusedBy(["eu"], { ...existing, "database-host": "pg.example.com" })).toMatch(
      / {2}--database-cidrs <ranges>: /,
    );
  });

  test("what has no meaning is not known as long as something is missing", async () => {
    expect(
      await refusedBy(["eu"], { ...without(existing, "kind"), account: "011122223333" }),
    ).not.toMatch(/--account/);
  });

  test("a value that has no meaning beside the others is refused, and not forgotten", async () => {
    expect(await refusedBy(["eu"], { ...existing, account: "011122223333" })).toMatch(
      / {2}--account: has no meaning beside the other values; leave it out$/,
    );
  });

  test.each([
    ["pr-12", /review environment of a pull request/],
    ["local", /embedded platform/],
    ["example", /template/],
    ["Eu", /lower-case/],
    ["a-name-of-more-than-twenty", /1 to 20/],
  ])("%s is no name of an environment", async (name, words) => {
    expect(await refusedBy([name], existing)).toMatch(words);
  });

  test("over a file that is there", async () => {
    expect(await refusedBy(["eu"], existing, { "stacks/Pulumi.eu.yaml": "config: {}\n" })).toMatch(
      / {2}<name>: is there already \(stacks\/Pulumi\.eu\.yaml\)/,
    );
  });

  test("with a context that the kubeconfig hasn't got", async () => {
    const made = project({ kubeconfig: "contexts: [{ name: one }, { name: two }]\n" });
    const values = { ...existing, kubeconfig: join(made.root, "kubeconfig") };
    expect((await type(made, ["new-environment", "eu", ...flags(values)])).refused).toMatch(
      / {2}--context: onprem is not one of one, two$/,
    );
  });
});
