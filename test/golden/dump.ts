import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { deploy } from "../../stacks/deploy.ts";
import { parseEnvironment, secretKeys } from "../../stacks/environment.ts";
import { readInstances } from "../../stacks/load.ts";
import { instanceTypes } from "../support/instance.ts";
import { runWithMocks, withoutSecrets, type Registration } from "../support/mocks.ts";

const root = join(import.meta.dirname, "..", "..");

/** Where the goldens of an environment lie. */
export const goldenFolder = (environment: string): string => join(import.meta.dirname, environment);

/**
 * What an environment stands for, one text for each instance: its resolved spec, everything that would be registered for it, and its outputs.
 * It shows what a change of code does to every environment. It can't show what a provider makes of the inputs. Secrets are masked by their envelopes,
 * so a secret that lost its envelope shows up as a value here.
 */
export async function dump(stack: string): Promise<Map<string, string>> {
  const values: unknown = parse(readFileSync(join(root, "test", "fixtures", "environments", `${stack}.yaml`), "utf8"));
  const keys = new Map<string, { secret: boolean; plain?: string }>([["environment", { secret: false, plain: JSON.stringify(values) }]]);
  for (const key of Object.keys(secretKeys)) keys.set(key, { secret: true });
  const { environment, problems } = parseEnvironment({ stack, keys });
  if (environment === undefined) throw new Error(JSON.stringify(problems));
  const today = new Date().toISOString().slice(0, 10);
  const { specs, errors } = readInstances(environment, join(root, "stacks", "instances", stack), { stack, today, root });
  if (errors.length > 0) throw new Error(errors.join("\n"));

  const storeKeys = new Map(
    specs.map(({ name }) => [
      name,
      {
        accessKeyId: pulumi.output(`fixture-${name}`),
        secretAccessKey: pulumi.secret(`fixture-secret-${name}`),
        maintenance: {
          accessKeyId: pulumi.output(`fixture-maintenance-${name}`),
          secretAccessKey: pulumi.secret(`fixture-secret-maintenance-${name}`),
        },
      },
    ]),
  );
  const outputs: { instances: Record<string, unknown>; tokens: unknown } = { instances: {}, tokens: {} };
  const run = await isolated(() =>
    runWithMocks(instanceTypes, async () => {
      const secrets = Object.keys(secretKeys).map((key) => [`mlflow-instances:${key}`, `fixture-${key}`]);
      pulumi.runtime.setAllConfig(
        Object.fromEntries(secrets),
        Object.keys(secretKeys).map((key) => `mlflow-instances:${key}`),
      );
      const made = deploy(environment, specs, storeKeys);
      outputs.instances = await resolved(made.instances);
      outputs.tokens = await resolved(made.tokens);
    }),
  );
  return new Map(
    specs.map((spec) => {
      const mine = run.registrations
        .filter(({ name }) => name === spec.name || name.startsWith(`${spec.name}-`))
        // In the order of names: that in which outputs resolve is not a property of the program.
        .sort((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));
      return [
        `${spec.name}.yaml`,
        stringify(
          { spec, outputs: outputs.instances[spec.name], registrations: mine.map(shown) },
          { lineWidth: 0, aliasDuplicateObjects: false },
        ),
      ];
    }),
  );
}

/** Registrations without what differs from run to run, and with parents and providers by name. */
function shown(registration: Registration): object {
  const { type, name, custom, sealed, parent, provider, protect, retainOnDelete, replaceOnChanges, dependencies } = registration;
  return {
    resource: `${type} ${name}`,
    parent: nameIn(parent),
    ...(custom ? { provider: provider.split("::")[3] } : {}),
    ...(protect ? { protect } : {}),
    ...(retainOnDelete ? { retainOnDelete } : {}),
    ...(replaceOnChanges.length > 0 ? { replaceOnChanges } : {}),
    ...(dependencies.length > 0 ? { dependsOn: [...new Set(dependencies.map(nameIn))].sort() } : {}),
    ...(custom ? { inputs: withoutSecrets(sealed) } : {}),
  };
}

// `urn:pulumi:stack::project::package:module:Type::name[::id]`
function nameIn(urn: string): string {
  const [, , type, name] = urn.split("::");
  return type === undefined || name === undefined ? "the stack" : `${type.split(":").at(-1)} ${name}`;
}

// The CA file that the providers want is written into the user's cache: not the real one here.
async function isolated<T>(run: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "golden-"));
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = folder;
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    rmSync(folder, { recursive: true });
  }
}

/** Plain values of outputs; what is secret is masked. */
async function resolved(value: unknown): Promise<Record<string, unknown>> {
  const output = pulumi.output(value) as unknown as { promise(): Promise<Record<string, unknown>>; isSecret: Promise<boolean> };
  return (await output.isSecret) ? { secret: true } : output.promise();
}
