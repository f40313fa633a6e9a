import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect } from "vitest";
import program from "../../../program/index.ts";
import { secretKeys } from "../../../program/values/secretKeys.ts";

// The program against mocks of the engine, without a resource that is really made.

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

export interface Run {
  /** The outputs of the last update, as the program will read them. */
  lastOutputs: Record<string, unknown>;
  registered: Registered[];
  /** The lines of the error that the program must fail with, before any resource. */
  failureOf(): Promise<string[]>;
}

/** A run of the program of its own for every test of the file. */
export function programRun(): Run {
  const run: Run = { lastOutputs: {}, registered: [], failureOf: () => failureOf(run) };
  beforeEach(async () => {
    run.registered = [];
    run.lastOutputs = {};
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
      call: ({ token, inputs }) => {
        expect([token, inputs]).toEqual([
          "pulumi:pulumi:readStackOutputs",
          { name: "organization/mlflow-instances/local" },
        ]);
        return { outputs: run.lastOutputs };
      },
    };
    await pulumi.runtime.setMocks(mocks, "mlflow-instances", "local", false, "organization");
    const monitor = pulumi.runtime.getMonitor() as unknown as {
      registerResource: (request: Request, callback: unknown) => void;
    };
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
      if (request.getType() !== "pulumi:pulumi:Stack")
        run.registered.push({
          type: request.getType(),
          name: request.getName(),
          inputs: request.getObject().toJavaScript(),
        });
      register(request, callback);
    };
  });
  return run;
}

interface Request {
  getType(): string;
  getName(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}

export const hidden = "hunter2-Xyzzy";

export function configure(
  values: unknown,
  changes: Record<string, string | undefined> = {},
  plain: readonly string[] = [],
): void {
  const all: Record<string, string | undefined> = {
    environment: JSON.stringify(values),
    ...Object.fromEntries(Object.keys(secretKeys).map((key) => [key, hidden])),
    imagePullSecret: JSON.stringify({ auths: { "registry.example.com": { auth: hidden } } }),
  };
  all["artifactStoreKeys"] = JSON.stringify({
    shop: { accessKeyId: "shop-key", secretAccessKey: hidden },
  });
  Object.assign(all, changes);
  const entries = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [[`mlflow-instances:${key}`, value] as const],
  );
  const secrets = entries
    .map(([key]) => key)
    .filter(
      (key) => !/environment|instancesFolder/.test(key) && !plain.includes(key.split(":")[1] ?? ""),
    );
  pulumi.runtime.setAllConfig(Object.fromEntries(entries), secrets);
}

async function failureOf(run: Run): Promise<string[]> {
  const failure: unknown = await program().then(
    () => undefined,
    (error: unknown) => error,
  );
  // A RunError is what Pulumi prints without a stack trace.
  if (!pulumi.RunError.isInstance(failure))
    throw new Error("the program did not fail as expected", { cause: failure });
  expect(failure.message).not.toContain(hidden);
  expect(run.registered).toEqual([]);
  return failure.message.split("\n");
}

export const good = "team: shop\nowner: a@example.com\ndescription: d\n";
