import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPulumi, type Pulumi, type PulumiError } from "../../local/stack/pulumi.ts";
import { soon } from "../support/dates.ts";
import { engineContext } from "../engine/support/context.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stack = "contract";

// The real engine constructs the component from the package, as for a program in another language.
// Only previews: what an instance becomes on a platform is the engine tests' part, and the schema's
// content is test/fast/components/schema.test.ts's.
let pulumi: Pulumi;
let scratch: string;
const stackArguments = ["--stack", stack];

beforeAll(async () => {
  const { cli, platform } = engineContext();
  scratch = await mkdtemp(join(tmpdir(), "mlflow-instances-contract-"));
  const folder = await remoteProgram();
  pulumi = await openPulumi(
    cli,
    { folder, stack, instancesFolder: folder },
    join(scratch, "state"),
  );
  await pulumi.run(["stack", "init", stack]);
  // A child without the caller's provider would fail the preview.
  for (const [index, name] of ["kubernetes", "aws", "postgresql", "random"].entries()) {
    await pulumi.run([
      "config",
      "set",
      "--path",
      `pulumi:disable-default-providers[${index}]`,
      name,
      ...stackArguments,
    ]);
  }
  await configure({
    kubeconfig: platform.kubeconfigPath,
    context: platform.kubeContext,
    address: platform.nodeIp,
    tokensExpire: soon,
  });
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** The program in a folder of this test's own: the engine writes the stack's file beside it. */
async function remoteProgram(): Promise<string> {
  const folder = join(scratch, "remoteProgram");
  await cp(join(import.meta.dirname, "remoteProgram"), folder, { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const file = join(folder, "Pulumi.yaml");
  const written = await readFile(file, "utf8");
  // The path to the package is the only line that depends on where the program is.
  const text = written.replace("path: ../../../components", `path: ${join(root, "components")}`);
  if (text === written) throw new Error("remoteProgram/Pulumi.yaml names its package otherwise");
  await writeFile(file, text);
  return folder;
}

async function configure(values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values))
    await pulumi.run(["config", "set", key, value, ...stackArguments]);
}

test("a remote program previews a whole instance with its own providers, tokens as secrets", async () => {
  await configure({ instanceName: "remote", team: "contract" });
  const shown = await pulumi.run(["preview", ...stackArguments]);
  // A set: the CLI repeats a line when there is more to say about its resource.
  const children = new Set(
    [...shown.matchAll(/ (instance-[a-z0-9-]+) create/g)].map(([, name]) => name),
  );
  expect([...children].sort()).toEqual([
    "instance-bucket",
    "instance-bucket-encryption",
    "instance-bucket-lifecycle",
    "instance-bucket-ownership",
    "instance-bucket-policy",
    "instance-bucket-public-access",
    "instance-bucket-versioning",
    "instance-credentials",
    "instance-database",
    "instance-database-no-public",
    "instance-database-password",
    "instance-database-role",
    "instance-default-deny",
    "instance-ingress",
    "instance-maintenance-network",
    "instance-migration",
    "instance-migration-network",
    "instance-namespace",
    "instance-quota",
    "instance-retention",
    "instance-retention-account",
    "instance-retention-connect",
    "instance-retention-credentials",
    "instance-retention-password",
    "instance-retention-role",
    "instance-server",
    "instance-server-key",
    "instance-server-network",
    "instance-service",
    "instance-service-account",
    "instance-stale-runs",
    "instance-stale-runs-account",
    "instance-stale-runs-connect",
    "instance-stale-runs-credentials",
    "instance-stale-runs-password",
    "instance-stale-runs-role",
    "instance-token-ci-g1",
    "instance-token-hashes",
  ]);
  expect(shown).toContain("https://remote.mlflow.example.com");
  expect(shown).toMatch(/tokens\s*: \[secret\]/);
  expect(shown).not.toContain("-in-plain");
});

test("wrong arguments fail the preview with every property at once", async () => {
  await configure({ instanceName: "Remote", team: "no label" });
  const failure = await pulumi.run(["preview", ...stackArguments]).then(
    () => "the preview succeeded",
    (error: unknown) => (error as PulumiError).output,
  );
  expect(failure).toContain(
    'property instanceName with value "Remote" has a problem: must match ^[a-z][a-z0-9-]{1,38}[a-z0-9]$',
  );
  expect(failure).toContain(
    'property team with value "no label" has a problem: must be a label value',
  );
  expect(failure).not.toContain("-in-plain");
});
