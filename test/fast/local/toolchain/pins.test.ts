import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goTools, pluginVersions, versions } from "../../../../local/toolchain/pins.ts";

const root = join(import.meta.dirname, "../../../..");
const modules = join(root, "local/toolchain/go");
const goMod = (name: string): Promise<string> => readFile(join(modules, name, "go.mod"), "utf8");

/** Each requirement of a file with its hashes, in one line. */
const entriesOf = (text: string): string[] =>
  text
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => /^[a-z0-9]/i.test(line));

describe("pins", () => {
  it.each([
    ["kubernetes", `k8s.io/kubernetes v${versions.kubernetes}`],
    ["pulumi", `github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}`],
    ["versitygw", `github.com/versity/versitygw v${versions.versitygw}`],
    ["coredns", `github.com/coredns/coredns v${versions.coredns}`],
    ["traefik", `github.com/traefik/traefik/v3 v${versions.traefik}`],
    ["traefik", `sigs.k8s.io/gateway-api v${versions.gatewayApi}`],
    ["actionlint", `github.com/rhysd/actionlint v${versions.actionlint}`],
    [
      "pulumi-resource-kubernetes",
      `github.com/pulumi/pulumi-kubernetes/provider/v4 v${versions.kubernetesPluginSource}`,
    ],
    ["pulumi-language-yaml", `github.com/pulumi/pulumi-yaml v${versions.pulumiYaml}`],
  ])("the module of %s requires the pinned version", async (name, requirement) => {
    const lines = (await goMod(name)).split("\n").map((line) =>
      line
        .trim()
        .replace(/^require /, "")
        .replace(/ \/\/ indirect$/, ""),
    );
    expect(lines).toContain(requirement);
  });

  it("every tool has a module folder and every module folder a tool", async () => {
    expect((await readdir(modules)).sort()).toEqual(Object.keys(goTools).sort());
    for (const [key, tool] of Object.entries(goTools)) expect(tool.name).toBe(key);
  });

  it("Kubernetes' staging modules are all of the release itself", async () => {
    const [, minor, patch] = versions.kubernetes.split(".");
    const replaced = (await goMod("kubernetes")).split("\n").filter((line) => line.includes("=>"));
    expect(replaced.length).toBeGreaterThan(25);
    for (const line of replaced)
      expect(line.trim()).toMatch(
        new RegExp(`^(k8s\\.io/[\\w-]+) => \\1 v0\\.${minor}\\.${patch}$`),
      );
  });

  it("the provider plugins are those of the npm packages", async () => {
    const manifest = JSON.parse(await readFile(join(root, "components/package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(pluginVersions))
      expect(manifest.dependencies[`@pulumi/${name}`]).toBe(version);
  });

  it("the Python client and the image hold the pinned MLflow, and every requirement has a hash", async () => {
    const client = await readFile(join(root, "local/toolchain/python/requirements.txt"), "utf8");
    const image = await readFile(join(root, "images/tracking-server/requirements.txt"), "utf8");
    const frameworks = await readFile(
      join(root, "test/fixtures/frameworks/requirements.txt"),
      "utf8",
    );
    expect(client).toContain(`mlflow-skinny==${versions.mlflow}`);
    expect(image).toMatch(new RegExp(`^mlflow==${versions.mlflow.replaceAll(".", "\\.")} `, "m"));
    for (const text of [client, image, frameworks]) {
      const entries = entriesOf(text);
      expect(entries.length).toBeGreaterThan(20);
      for (const entry of entries) expect(entry).toMatch(/^\S+==\S+.*--hash=sha256:[0-9a-f]{64}/);
    }
    // The frameworks of the tests stand on the same client.
    const pins = (text: string): string[] => entriesOf(text).map((entry) => entry.split(" ")[0]!);
    expect(pins(frameworks)).toEqual(expect.arrayContaining(pins(client)));
  });
});
