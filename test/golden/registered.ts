import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { StoreKey } from "../../program/platforms/given.ts";
import { deploy } from "../../program/deploy.ts";
import { secretKeys } from "../../program/values/secretKeys.ts";
import type { Environment } from "../../program/environment/environment.ts";
import { readInstances, type LoadedInstance } from "../../program/instance/load.ts";
import { fixtureRoot, fixtureToday } from "../support/fixtureStacks.ts";
import { databaseServerCalls, databaseServerTypes } from "../support/databaseServer.ts";
import { instanceTypes } from "../support/instance.ts";
import {
  runWithMocks,
  type Calls,
  type MockRun,
  type Outputs,
  type Registration,
} from "../support/mocks.ts";
import { environmentOf, type EnvironmentName } from "./environments.ts";

/** What an environment's program registers, by its own files. */
export interface Registered extends Pick<MockRun, "providers" | "registrations"> {
  readonly instances: readonly LoadedInstance[];
  /** Plain values of the stack's outputs; what is secret is masked. */
  readonly outputs: { readonly instances: Record<string, unknown>; readonly tokens: unknown };
}

const known = new Map<EnvironmentName, Promise<Registered>>();

/**
 * Runs the program of an environment against mocks, once for all that ask. It can't show what a
 * provider makes of the inputs.
 */
export function registered(name: EnvironmentName): Promise<Registered> {
  const made = known.get(name) ?? registeredByFiles(name);
  known.set(name, made);
  return made;
}

function registeredByFiles(name: EnvironmentName): Promise<Registered> {
  const { environment, instancesFolder, keyOf } = environmentOf(name);
  const { instances, errors } = readInstances(environment, instancesFolder, {
    stack: name,
    today: fixtureToday,
    root: fixtureRoot,
  });
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return registeredBy(environment, instances, keyOf);
}

/** The same for instances that no file of an environment has. */
export async function registeredBy(
  environment: Environment,
  instances: readonly LoadedInstance[],
  keyOf: (instance: string) => StoreKey | undefined,
  today = fixtureToday,
): Promise<Registered> {
  const keys = new Map(
    instances.flatMap(({ name: instance }): [string, StoreKey][] => {
      const key = keyOf(instance);
      return key === undefined ? [] : [[instance, key]];
    }),
  );
  const outputs: { instances: Record<string, unknown>; tokens: unknown } = {
    instances: {},
    tokens: {},
  };
  const program = async () => {
    // What an environment may go without is not set: the files that are shown have none of it.
    const secrets = Object.keys(secretKeys)
      .filter((key) => key !== "imagePullSecret")
      .map((key) => `mlflow-instances:${key}`);
    pulumi.runtime.setAllConfig(
      Object.fromEntries(secrets.map((key) => [key, key.replace("mlflow-instances:", "fixture-")])),
      secrets,
    );
    const made = await deploy(environment, instances, keys, {
      last: { instances: new Map() },
      today,
    });
    outputs.instances = await resolved(made.instances);
    outputs.tokens = await resolved(made.tokens);
  };
  return isolated(async (cache) => {
    const { providers, registrations } = await runWithMocks(
      typesOf(environment),
      program,
      false,
      calls,
    );
    return {
      instances,
      outputs,
      registrations,
      providers: JSON.parse(
        JSON.stringify(providers).replaceAll(cache, "<cache>"),
      ) as Registration[],
    };
  });
}

function typesOf({ platform }: Environment): Outputs {
  const account = platform.kind === "aws" ? platform.accountId : "000000000000";
  return {
    ...instanceTypes,
    ...databaseServerTypes,
    "aws:iam/role:Role": (inputs: { path: string; name: string }) => ({
      arn: `arn:aws:iam::${account}:role${inputs.path}${inputs.name}`,
    }),
  };
}

const calls: Calls = {
  ...databaseServerCalls,
  "aws:eks/getCluster:getCluster": ({ name }: { name: string }) => ({
    id: name,
    name,
    endpoint: `https://${name}.example.eks.amazonaws.com`,
    certificateAuthorities: [{ data: Buffer.from("fixture authority").toString("base64") }],
  }),
};

// The CA files that the providers want are written into the user's cache: not the real one here.
async function isolated<T>(run: (cache: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "golden-"));
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = folder;
  try {
    return await run(folder);
  } finally {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    rmSync(folder, { recursive: true });
  }
}

async function resolved(value: unknown): Promise<Record<string, unknown>> {
  const output = pulumi.output(value) as unknown as {
    promise(): Promise<Record<string, unknown>>;
    isSecret: Promise<boolean>;
  };
  return (await output.isSecret) ? { secret: true } : output.promise();
}
