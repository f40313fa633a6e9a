import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageSchema, type PackageSchema } from "./support/packageSchema.ts";
import { pythonProblems } from "./support/pythonProgram.ts";
import { yamlExample, type YamlExample } from "./support/yamlExample.ts";
import { engineContext } from "../engine/support/context.ts";

// The YAML example is previewed by the real language host. The Python one doesn't run: what it
// writes is compared with the schema that the engine gives for components/, from which `pulumi
// package add` makes the SDKs. That can't prove its behaviour, nor names of the other packages'
// nested types.

const { cli, platform, python } = engineContext();
const read = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../examples/${path}`, import.meta.url)), "utf8");

let schema: PackageSchema;
beforeAll(async () => {
  schema = await packageSchema(cli);
});

/** A copy with one mistake in it; a text that isn't there would leave the copy whole. */
function broken(text: string, right: string, wrong: string): string {
  expect(text).toContain(right);
  return text.replace(right, wrong);
}

describe("examples/yaml", () => {
  let example: YamlExample;
  beforeAll(async () => {
    example = await yamlExample(cli, platform);
  });
  afterAll(() => example?.remove());

  it("previews a whole instance on the real language host, with providers of its own", async () => {
    const shown = await example.preview(example.text);
    expect(shown).toMatch(/mlflow-instances:index:MlflowInstance +research +create/);
    expect(shown).toMatch(/kubernetes:apps\/v1:Deployment +research-server +create/);
    expect(shown).toMatch(/aws:s3(\/bucket)?:Bucket +research-bucket +create/);
    expect(shown).toMatch(/kubernetes:core\/v1:Secret +client +create/);
    expect(shown).not.toMatch(/error|of-the-test/i);
  });

  it("is told of a mistake by the host, before anything is made", async () => {
    const text = broken(example.text, "      tier: sandbox", "      tiers: sandbox");
    expect(await example.preview(text)).toContain(
      "Property tiers does not exist on 'mlflow-instances:index:MlflowInstance'",
    );
  });
});

describe("examples/python", () => {
  const program = () => read("python/__main__.py");
  const problemsOf = (text: string) => pythonProblems(schema, python, text);

  it("writes only what the schema knows", async () => {
    expect(await problemsOf(await program())).toEqual([]);
  });

  it.each([
    [
      "import pulumi_mlflow_instances as",
      "import pulumi_components as",
      /import pulumi_mlflow_instances: is missing/,
    ],
    [
      "return mlflow.MlflowInstance(",
      "return mlflow.MLflowInstance(",
      /the package has no MLflowInstance/,
    ],
    ["        description=", "        desc=", /desc: MlflowInstance has no such argument/],
    ["        platform=platform,\n", "", /platform: is missing, MlflowInstance needs it/],
    ["mlflow.Tier.SANDBOX", "mlflow.Tier.SANDPIT", /Tier has no member SANDPIT/],
    [
      "mlflow.TlsSource.CERT_MANAGER",
      "mlflow.Tier.STANDARD",
      /source: expected a TlsSource, found a Tier/,
    ],
    ["mlflow.TlsSource.CERT_MANAGER", "False", /source: expected one of pem/],
    [
      "public_access_block=False",
      "block_public_access=False",
      /block_public_access: ObjectStoreSettings has no such argument/,
    ],
    [
      "        admin_principals=[admin_key_id],\n",
      "",
      /admin_principals: is missing, ObjectStoreSettings needs it/,
    ],
    [
      "object_store=mlflow.ObjectStoreSettingsArgs(",
      "object_store=mlflow.DatabaseSettingsArgs(",
      /object_store: expected a ObjectStoreSettings, found a Database/,
    ],
    [
      'AccessTokenArgs(name="notebooks", role',
      'AccessTokenArgs(name="notebooks", right',
      /right: AccessToken has no such argument/,
    ],
    [
      "serving.tracking_uri,\n",
      "serving.tracking_url,\n",
      /MlflowInstance has no output tracking_url/,
    ],
    [
      'serving.tokens["training"].value',
      'serving.tokens["training"].text',
      /IssuedToken has no output text/,
    ],
    ["providers=providers", "provider=cluster", /opts: has no providers/],
    [
      "enable_secret_mutable=",
      "enable_secrets_mutable=",
      /kubernetes\.Provider has no argument enable_secrets_mutable/,
    ],
    ["core.v1.Secret(", "core.v1.Secrets(", /there is no kubernetes\.core\.v1\.Secrets/],
    ["string_data=", "strings=", /kubernetes\.core\.v1\.Secret has no argument strings/],
  ])("a copy with %j as %j fails", async (right, wrong, expected) => {
    const problems = await problemsOf(broken(await program(), right, wrong));
    expect(problems.join("\n")).toMatch(expected);
  });
});
