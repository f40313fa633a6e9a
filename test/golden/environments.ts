import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { StoreKey } from "../../program/platforms/given.ts";
import { parseEnvironment, type Environment } from "../../program/environment/environment.ts";
import { secretKeys } from "../../program/values/secretKeys.ts";
import { readStack } from "../../program/instance/stackOnDisk.ts";
import { fixtureRoot, fixtureStacks } from "../support/fixtureStacks.ts";

/** Environments that have goldens. */
export const environments = ["local", ...fixtureStacks] as const;
export type EnvironmentName = (typeof environments)[number];

export interface Environmental {
  readonly environment: Environment;
  readonly instancesFolder: string;
  /** The object store key of an instance, where the environment has such keys. */
  keyOf(instance: string): StoreKey | undefined;
}

/**
 * An environment from its stack file; that of `local` is written for a machine, so a fixture stands
 * for it.
 */
export function environmentOf(name: EnvironmentName): Environmental {
  if (name === "local")
    return {
      environment: fixture(name),
      instancesFolder: join(fixtureRoot, "stacks", "instances", name),
      keyOf: fixtureKey,
    };
  const { stack, errors } = readStack(fixtureRoot, name);
  if (stack === undefined) throw new Error(errors.join("\n"));
  return {
    environment: stack.environment,
    instancesFolder: resolve(stack.instancesFolder),
    keyOf: () => undefined,
  };
}

function fixture(name: string): Environment {
  const values: unknown = parse(
    readFileSync(join(fixtureRoot, "environments", `${name}.yaml`), "utf8"),
  );
  const keys = new Map<string, { secret: boolean; plain?: string }>([
    ["environment", { secret: false, plain: JSON.stringify(values) }],
  ]);
  for (const key of Object.keys(secretKeys)) keys.set(key, { secret: true });
  const { environment, problems } = parseEnvironment({ stack: name, keys });
  if (environment === undefined) throw new Error(JSON.stringify(problems));
  return environment;
}

export const fixtureKey = (instance: string): StoreKey => ({
  accessKeyId: `fixture-${instance}`,
  secretAccessKey: pulumi.secret(`fixture-secret-${instance}`),
  maintenance: {
    accessKeyId: `fixture-maintenance-${instance}`,
    secretAccessKey: pulumi.secret(`fixture-secret-maintenance-${instance}`),
  },
});
