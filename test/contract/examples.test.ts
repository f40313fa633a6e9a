import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { packageSchema, type PackageSchema } from "./support/packageSchema.ts";
import { pythonProblems } from "./support/pythonProgram.ts";
import { yamlProblems } from "./support/yamlProgram.ts";

// The language hosts of Pulumi YAML and Python can't be had here, so these two examples don't run. What they write is compared with the schema that the engine gives
// for components/, from which `pulumi package add` makes the SDKs. It can't prove their behaviour, nor names of the other packages' nested types.

const { cli, python } = inject("engine");
const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../examples/${path}`, import.meta.url)), "utf8");

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
  const program = () => read("yaml/Pulumi.yaml");

  it("writes only what the schema knows", async () => {
    expect(yamlProblems(schema, await program())).toEqual([]);
  });

  it.each([
    [
      "type: components:index:MlflowInstance",
      "type: components:index:MLflowInstance",
      /there is no resource components:index:MLflowInstance/,
    ],
    [
      "deletedExperimentRetention: 7d",
      "deletedExperimentsRetention: 7d",
      /resources\.research\.deletedExperimentsRetention: MlflowInstance has no/,
    ],
    ["tier: sandbox", "tier: sandpit", /resources\.research\.tier: expected one of sandbox, standard, production/],
    ["      mlflowVersion: 3.17.2\n", "", /resources\.research\.mlflowVersion: is missing/],
    ["adminPrincipals:", "adminPrincipal:", /resources\.research\.bucket\.adminPrincipals: is missing/],
    ["sslMode: verify-full", "sslMode: verify_full", /resources\.research\.database\.sslMode: expected one of/],
    ["name: notebooks, role: edit", "name: notebooks, role: write", /resources\.research\.tokens\[0\]\.role: expected one of read, edit/],
    ["name: mlflow_churn_research", "name: 12", /resources\.research\.database\.name: expected a string, found number/],
    ["objectOwnership: false", 'objectOwnership: "no"', /resources\.research\.bucket\.objectOwnership: expected a boolean, found string/],
    ["${research.deletedExperimentRetention}", "${research.deletedRetention}", /MlflowInstance has no output deletedRetention/],
    ['tokens["notebooks"].value', 'tokens["notebooks"].text', /IssuedToken has no output text/],
    ["${research.trackingUri}", "${reserch.trackingUri}", /there is no reserch/],
    ['"${postgresql}", ', "", /options\.providers\.postgresql: is missing/],
    [
      'providers: ["${kubernetes}", "${objectStore}", "${postgresql}", "${random}"]',
      'providers: { kubernetes: "${kubernetes}" }',
      /options\.providers: must be a list of resources/,
    ],
    [
      "enableSecretMutable:",
      "enableSecretsMutable:",
      /resources\.kubernetes\.enableSecretsMutable: pulumi:providers:kubernetes has no such/,
    ],
    ["stringData:", "stringsData:", /resources\.client\.stringsData: kubernetes:core\/v1:Secret has no such argument/],
    ["packages:", "package:", /packages\.components: is missing/],
  ])("a copy with %j as %j fails", async (right, wrong, expected) => {
    const problems = yamlProblems(schema, broken(await program(), right, wrong));
    expect(problems.join("\n")).toMatch(expected);
  });
});

describe("examples/python", () => {
  const program = () => read("python/__main__.py");
  const problemsOf = (text: string) => pythonProblems(schema, python, text);

  it("writes only what the schema knows", async () => {
    expect(await problemsOf(await program())).toEqual([]);
  });

  it.each([
    ["import mlflow_instances_components as", "import pulumi_components as", /import mlflow_instances_components: is missing/],
    ["return components.MlflowInstance(", "return components.MLflowInstance(", /the package has no MLflowInstance/],
    ["deleted_experiment_retention=", "deletedExperimentRetention=", /deletedExperimentRetention: MlflowInstance has no such argument/],
    ['        mlflow_version="3.17.2",\n', "", /mlflow_version: is missing, MlflowInstance needs it/],
    ["components.Tier.SANDBOX", "components.Tier.SANDPIT", /Tier has no member SANDPIT/],
    ["components.SslMode.VERIFY_FULL", "components.Tier.STANDARD", /ssl_mode: expected a SslMode, found a Tier/],
    ["components.SslMode.VERIFY_FULL", "False", /ssl_mode: expected one of disable/],
    ["public_access_block=False", "block_public_access=False", /block_public_access: BucketSettings has no such argument/],
    ["            admin_principals=[admin_key_id],\n", "", /admin_principals: is missing, BucketSettings needs it/],
    [
      "bucket=components.BucketSettingsArgs(",
      "bucket=components.DatabaseSettingsArgs(",
      /bucket: expected a BucketSettings, found a Database/,
    ],
    ['AccessTokenArgs(name="training", role', 'AccessTokenArgs(name="training", right', /right: AccessToken has no such argument/],
    ["serving.tracking_uri,\n", "serving.tracking_url,\n", /MlflowInstance has no output tracking_url/],
    ['serving.tokens["training"].value', 'serving.tokens["training"].text', /IssuedToken has no output text/],
    ["providers=providers", "provider=cluster", /opts: has no providers/],
    ["enable_secret_mutable=", "enable_secrets_mutable=", /kubernetes\.Provider has no argument enable_secrets_mutable/],
    ["core.v1.Secret(", "core.v1.Secrets(", /there is no kubernetes\.core\.v1\.Secrets/],
    ["string_data=", "strings=", /kubernetes\.core\.v1\.Secret has no argument strings/],
  ])("a copy with %j as %j fails", async (right, wrong, expected) => {
    const problems = await problemsOf(broken(await program(), right, wrong));
    expect(problems.join("\n")).toMatch(expected);
  });
});
