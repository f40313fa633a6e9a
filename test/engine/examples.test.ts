import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { logFirstRun } from "../../local/client/firstRun.ts";
import { reachable } from "../../local/client/reachable.ts";
import { updateHosts } from "../../local/hosts.ts";
import { ensureObjectStoreUsers, removeObjectStoreUsers } from "../../local/platform/index.ts";
import { embeddedValues } from "../../local/stack/embeddedValues.ts";
import { openPulumi, type Pulumi, type PulumiError } from "../../local/stack/pulumi.ts";
import { packComponents } from "../../release/pack.ts";
import { asBefore, type State } from "./support/asBefore.ts";
import { cluster } from "./support/cluster.ts";
import { soon } from "../support/dates.ts";
import { https } from "./support/http.ts";
import { engineContext } from "./support/context.ts";

// Proves examples/typescript: a team's own program, its folder elsewhere with nothing of this
// repository but the packed package, on the embedded platform as a platform that exists.

const clone = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const stack = "example";
const engine = engineContext();
const { profile } = engine.platform;
const instances = ["churn-research", "churn-serving"];
const stackArguments = ["--stack", stack];

let folder: string;
let packed: string;
let pulumi: Pulumi;
let outputs: {
  trackingUris: Record<string, string>;
  tokens: Record<string, string>;
  clientSecret: string;
};

/** The packed package, as its README says, into a project that has nothing else. */
async function install(root: string): Promise<void> {
  packed = await packComponents(folder);
  const quiet = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await execa("npm", ["install", ...quiet, packed], { cwd: root });
}

/**
 * The stack file and the secrets as examples/typescript/README.md has them, with the embedded
 * platform's values.
 */
async function configure(root: string): Promise<void> {
  const { environment, secrets } = await embeddedValues(
    engine.platform,
    engine.image,
    await ensureObjectStoreUsers(profile, instances),
  );
  const { kubernetes, postgresql, objectStore, ingress, network } = environment[
    "platform"
  ] as Record<string, Record<string, unknown>>;
  const cidr = [`${engine.platform.nodeIp}/32`];
  const platform = {
    domain: engine.platform.domain,
    kubernetes,
    postgresql,
    objectStore,
    ingress: { className: ingress!["className"], tls: { source: "pem" } },
    network: {
      databaseCidrs: cidr,
      objectStoreCidrs: cidr,
      ingressCidrs: engine.platform.ingress.cidrs,
      ...network,
    },
    image: engine.image,
    mlflowVersion: "3.17.2",
    caFile: engine.platform.caPath,
  };
  const config = {
    "pulumi:disable-default-providers": ["*"],
    "churn-models:platform": platform,
    "churn-models:protect": false,
  };
  await writeFile(join(root, `Pulumi.${stack}.yaml`), stringify({ config }, { lineWidth: 0 }));
  await pulumi.run(["stack", "init", stack]);
  // By the CLI, as the README does: without quotes the engine takes a day in a stack file for a
  // point of time.
  await pulumi.run(["config", "set", "--plaintext", "tokensExpire", soon, ...stackArguments]);
  for (const [key, value] of Object.entries(secrets))
    await pulumi.run(["config", "set", "--secret", key, ...stackArguments], { input: value });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-example-"));
  const root = join(folder, "churn-models");
  const own = (source: string) =>
    !source.endsWith("node_modules") && !/Pulumi\..+\.yaml$/.test(source);
  await cp(join(clone, "examples", "typescript"), root, { recursive: true, filter: own });
  await install(root);
  pulumi = await openPulumi(
    engine.cli,
    { folder: root, stack, instancesFolder: root },
    join(folder, "state"),
  );
  await configure(root);
});

afterAll(async () => {
  // Nothing to destroy when the last test has done it.
  await pulumi.run(["destroy", "--yes", "--skip-preview", ...stackArguments]);
  for (const name of instances) await removeObjectStoreUsers(profile, name);
  await rm(folder, { recursive: true, force: true });
});

const changes = async () => {
  const { steps = [] } = JSON.parse(await pulumi.run(["preview", "--json", ...stackArguments])) as {
    steps?: { op: string; urn: string }[];
  };
  return steps.filter(({ op }) => op !== "same");
};

it("loads one copy of the SDK", async () => {
  const { stdout } = await execa("npm", ["ls", "@pulumi/pulumi", "--parseable", "--all"], {
    cwd: join(folder, "churn-models"),
  });
  expect(new Set(stdout.trim().split("\n")).size).toBe(1);
});

it("gives the engine the schema of the checkout, from the packed file, too", async () => {
  // The engine takes an `@` in a path, as npm's folder has one, for the beginning of a version.
  await execa("tar", ["-xzf", packed, "-C", folder]);
  // The engine installs what the package needs: the same as the project has.
  const needed = join(folder, "package", "node_modules");
  await execa("cp", ["-al", join(folder, "churn-models", "node_modules"), needed]);
  await rm(join(needed, "@mlflow-instances"), { recursive: true });
  const schemaOf = async (path: string) =>
    (
      await execa(engine.cli.cliPath, ["package", "get-schema", path], {
        cwd: folder,
        env: engine.cli.env,
      })
    ).stdout;
  const fromFile = await schemaOf("./package");
  const json = fromFile.slice(fromFile.indexOf("{"));
  expect(json).toContain('"mlflow-instances:index:MlflowInstance"');
  expect(json).toBe(await schemaOf(join(clone, "components")));
});

it("deploys both instances, judged by the policy packs, and the team's own resources", async () => {
  await pulumi.run([
    "up",
    "--yes",
    "--skip-preview",
    "--policy-pack",
    join(clone, "policies"),
    ...stackArguments,
  ]);
  outputs = JSON.parse(
    await pulumi.run(["stack", "output", "--json", "--show-secrets", ...stackArguments]),
  ) as typeof outputs;
  const { domain, nodeIp, caPath } = engine.platform;
  expect(outputs.trackingUris).toEqual({
    research: `https://churn-research.${domain}`,
    serving: `https://churn-serving.${domain}`,
  });
  await updateHosts(
    profile,
    instances.map((name) => ({ address: nodeIp, name: `${name}.${domain}` })),
  );
  await Promise.all(Object.values(outputs.trackingUris).map((uri) => reachable(uri, caPath)));
});

it("lets the unmodified client log a run with an issued token, and nobody with another instance's", async () => {
  const { caPath } = engine.platform;
  const { research, serving } = outputs.trackingUris as { research: string; serving: string };
  const run = await logFirstRun(engine.python, {
    trackingUri: serving,
    token: outputs.tokens["training"]!,
    caPath,
  });
  expect(run).toMatchObject({ alias: "champion", version: "1" });
  const search = (uri: string, token: string | undefined) =>
    https(`${uri}/api/2.0/mlflow/experiments/search?max_results=5`, { token: token!, caPath }).then(
      ({ status }) => status,
    );
  expect(await search(research, outputs.tokens["notebooks"])).toBe(200);
  expect(await search(research, outputs.tokens["training"])).toBe(401);
});

it("hands the token to the team's jobs", async () => {
  expect(outputs.clientSecret).toBe("churn-jobs/mlflow-client");
  const { output } = await cluster(engine).kubectl([
    "get",
    "secret",
    "mlflow-client",
    "--namespace",
    "churn-jobs",
    "-o",
    "json",
  ]);
  const { data } = JSON.parse(output) as { data: Record<string, string> };
  const text = (key: string) => Buffer.from(data[key]!, "base64").toString();
  expect([text("MLFLOW_TRACKING_URI"), text("MLFLOW_TRACKING_TOKEN")]).toEqual([
    outputs.trackingUris["serving"],
    outputs.tokens["training"],
  ]);
});

it("shows no change in a second preview, and no secret in the state", async () => {
  expect(await changes()).toEqual([]);
  const state = await pulumi.run(["stack", "export", ...stackArguments]);
  for (const token of Object.values(outputs.tokens)) expect(state).not.toContain(token);
});

it("finds everything again in a state that the components of before wrote, and changes none of it", async () => {
  const state = JSON.parse(await pulumi.run(["stack", "export", ...stackArguments])) as State;
  const file = join(folder, "before.json");
  await writeFile(file, JSON.stringify(asBefore(state)));
  await pulumi.run(["stack", "import", "--file", file, ...stackArguments]);
  const steps = await changes();
  expect(steps.length).toBeGreaterThan(10);
  // What goes are the parts, which were groups in the tree and nothing else.
  for (const { op, urn } of steps)
    expect([op, urn]).toEqual(["delete", expect.stringMatching(/\$components:index:\w+::churn-/)]);
  await pulumi.run(["up", "--yes", "--skip-preview", ...stackArguments]);
  expect(await changes()).toEqual([]);
});

it("says before any change which instance has no key", async () => {
  await pulumi.run(["config", "set", "--secret", "artifactStoreKeys", ...stackArguments], {
    input: "{}",
  });
  const said = await changes().catch((error: PulumiError) => error.output);
  expect(said).toContain("artifactStoreKeys has no entry churn-research");
});

it("goes back to nothing with a plain destroy", async () => {
  const said = await pulumi.run(["destroy", "--yes", "--skip-preview", ...stackArguments]);
  expect(said).toMatch(/- \d+ deleted/);
  expect(JSON.parse(await pulumi.run(["stack", "export", ...stackArguments]))).not.toHaveProperty(
    "deployment.resources.0",
  );
});
