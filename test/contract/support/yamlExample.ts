import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  openPulumi,
  type Cli,
  type Pulumi,
  type PulumiError,
} from "../../../local/stack/pulumi.ts";
import type { PlatformValues } from "../../../local/platform/index.ts";
import { parse } from "yaml";
import { pluginVersions } from "../../../local/toolchain/pins.ts";
import { sdkArguments } from "./sdkArguments.ts";
import { ensureYamlHost } from "./yamlHost.ts";
import { dayIn } from "../../support/dates.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const stack = "contract";

/**
 * A copy of examples/yaml in a folder of its own, as a team has it, with a stack for the embedded
 * platform.
 */
export interface YamlExample {
  readonly text: string;
  /** What a preview of this program prints, or why it failed. */
  preview(text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function yamlExample(cli: Cli, platform: PlatformValues): Promise<YamlExample> {
  await ensureYamlHost(cli);
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-yaml-"));
  const written = forBuiltPlugin(await readFile(join(root, "examples/yaml/Pulumi.yaml"), "utf8"));
  // The path to the package is the only line that depends on where the program is.
  const text = written.replace(
    "mlflow-instances: ../../components",
    `mlflow-instances: ${join(root, "components")}`,
  );
  if (text === written) throw new Error("examples/yaml/Pulumi.yaml names its package otherwise");
  await writeSchemas(folder, text);
  const file = join(folder, "Pulumi.yaml");
  await writeFile(file, text);
  const withSchemas = { ...cli, env: { ...cli.env, STAND_IN_SCHEMAS: folder } };
  const pulumi = await openPulumi(
    withSchemas,
    { folder, stack, instancesFolder: folder },
    join(folder, "state"),
  );
  await configure(pulumi, platform);
  return {
    text,
    preview: async (program) => {
      await writeFile(file, program);
      return pulumi.run(["preview", "--stack", stack]).catch((error: PulumiError) => error.output);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Without the one setting that the plugin of the npm package's version knows and the source that
 * the Go module proxy serves doesn't.
 */
function forBuiltPlugin(text: string): string {
  const setting = "enablePatchForce";
  const older = text.replace(`      ${setting}: true\n`, "");
  if (older === text) throw new Error(`examples/yaml/Pulumi.yaml doesn't set ${setting}`);
  if (!sdkArguments("pulumi:providers:kubernetes")?.includes(setting))
    throw new Error(`@pulumi/kubernetes doesn't know ${setting}`);
  return older;
}

/**
 * The host asks each package for its schema, which the stand-ins don't have: one with the types
 * that the program names, and their arguments as the package's Node SDK has them. Official plugins
 * answer for themselves.
 */
async function writeSchemas(folder: string, text: string): Promise<void> {
  const { resources } = parse(text) as { resources: Record<string, { type: string }> };
  const any = { $ref: "pulumi.json#/Any" };
  const described = (token: string) => {
    const known = sdkArguments(token);
    if (known === undefined) throw new Error(`no SDK knows ${token}`);
    return Object.fromEntries(known.map((name) => [name, any]));
  };
  const { kubernetes: _official, ...others } = pluginVersions;
  for (const [name, version] of Object.entries(others)) {
    const tokens = Object.values(resources).flatMap(({ type }) =>
      type.startsWith(`${name}:`) ? [type] : [],
    );
    const own = tokens.map((token) => [
      token,
      { inputProperties: described(token), properties: described(token) },
    ]);
    const schema = {
      name,
      version,
      provider: { inputProperties: described(`pulumi:providers:${name}`) },
      resources: Object.fromEntries(own),
    };
    await writeFile(join(folder, `${name}.json`), JSON.stringify(schema));
  }
}

/** The README's lines, with the embedded platform's values. */
async function configure(pulumi: Pulumi, platform: PlatformValues): Promise<void> {
  const { postgresql, objectStore } = platform;
  await pulumi.run(["stack", "init", stack]);
  const plain: Record<string, string> = {
    domain: platform.domain,
    kubeconfig: platform.kubeconfigPath,
    context: platform.kubeContext,
    databaseHost: postgresql.host,
    databaseCidr: `${platform.nodeIp}/32`,
    databaseAdmin: postgresql.adminUser,
    objectStoreEndpoint: objectStore.endpoint,
    objectStoreRegion: objectStore.region,
    objectStoreCidr: `${platform.nodeIp}/32`,
    objectStoreAccessKeyId: objectStore.accessKeyId,
    bucketAccessKeyId: "churn-research",
    image: "registry.example.com/mlflow-instances/tracking-server:3.17.2",
    tokensExpire: dayIn(60),
  };
  for (const [index, name] of ["kubernetes", "aws", "postgresql", "random"].entries())
    plain[`pulumi:disable-default-providers[${index}]`] = name;
  const settings = Object.entries(plain).flatMap(([key, value]) => [
    "--plaintext",
    `${key}=${value}`,
  ]);
  await pulumi.run(["config", "set-all", "--path", "--stack", stack, ...settings]);
  for (const key of ["databasePassword", "objectStoreSecretAccessKey", "bucketSecretAccessKey"])
    await pulumi.run(["config", "set", "--secret", key, "--stack", stack], {
      input: "of-the-test",
    });
}
