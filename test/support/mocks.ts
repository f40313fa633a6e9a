import * as pulumi from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";

/** What a program asked the engine to register, as it went over the wire. */
export interface Registration {
  type: string;
  name: string;
  custom: boolean;
  /** Inputs with secrets opened, to look at values. */
  inputs: any;
  /** Inputs with the envelopes of secrets, to look at secrecy. */
  sealed: unknown;
  /** URN of the parent. */
  parent: string;
  /** Version of the plugin. */
  version: string;
  /** `<urn>::<id>` of the provider; empty for a component. */
  provider: string;
  protect: boolean;
  retainOnDelete: boolean;
  replaceOnChanges: string[];
  ignoreChanges: string[];
  /** URNs of what it waits for. */
  dependencies: string[];
  /** What it was before: another type, or another parent by its URN. */
  aliases: { type: string; parent: string }[];
}

export interface MockRun {
  registrations: Registration[];
  /** Providers, which are no part of `registrations`. */
  providers: Registration[];
  /** The one registration of this logical name; throws when there is none or more than one. */
  one: (name: string) => Registration;
  /** Registrations of this type. */
  all: (type: string) => Registration[];
  /** Outputs that a component registered, secrets sealed, by its URN's type and name. */
  outputsOf: (type: string, name: string) => Record<string, unknown>;
}

/**
 * What stands for the provider: the outputs of a resource from its inputs. A type that isn't listed
 * fails the test.
 */
export type Outputs = Record<string, (inputs: any, name: string) => Record<string, unknown>>;

/**
 * What stands for a function of a provider: its result from its arguments. One that isn't listed
 * fails the test.
 */
export type Calls = Record<
  string,
  (inputs: any, provider: string | undefined) => Record<string, unknown>
>;

const secretKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): unknown };
  getParent(): string;
  getProvider(): string;
  getVersion(): string;
  getProtect(): boolean | undefined;
  getRetainondelete(): boolean | undefined;
  getReplaceonchangesList(): string[];
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
  getAliasesList(): { getSpec(): { getType(): string; getParenturn(): string } | undefined }[];
}

/** Records what the SDK's mocks leave out: options, envelopes of secrets, outputs of components. */
function record(monitor: MockMonitor): { requests: Request[]; outputs: Map<string, unknown> } {
  const requests: Request[] = [];
  const outputs = new Map<string, unknown>();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request: any, callback: any) => {
    requests.push(request);
    return register(request, callback);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request: any, callback: any) => {
    outputs.set(request.getUrn(), request.getOutputs().toJavaScript());
    registerOutputs(request, callback);
  };
  return { requests, outputs };
}

/**
 * Runs a program against mocks and waits until everything is registered. What it proves: which
 * resources a program registers with which inputs and options. What it can't: that a provider or
 * the engine accepts them.
 */
export async function runWithMocks(
  outputs: Outputs,
  program: () => unknown,
  preview = false,
  calls: Calls = {},
): Promise<MockRun> {
  const failures: string[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource({ type, name, inputs, custom }) {
      if (type === "pulumi:pulumi:Stack") return { id: `${name}-id`, state: {} };
      if (custom === false) {
        if (!type.startsWith("mlflow-instances:index:"))
          failures.push(`unexpected component ${type} "${name}"`);
        return { id: `${name}-id`, state: {} };
      }
      if (type.startsWith("pulumi:providers:")) return { id: `${name}-id`, state: inputs };
      const make = outputs[type];
      if (make === undefined) {
        failures.push(`unexpected resource ${type} "${name}"`);
        return { id: "", state: {} };
      }
      return { id: `${name}-id`, state: { ...inputs, ...make(inputs, name) } };
    },
    call({ token, inputs, provider }) {
      const answer = calls[token];
      if (answer !== undefined) return answer(inputs, provider);
      failures.push(`unexpected call of ${token}`);
      return {};
    },
  };
  await pulumi.runtime.setMocks(mocks, "project", "stack", preview, "organization");
  const monitor = record(pulumi.runtime.getMonitor() as unknown as MockMonitor);
  await program();
  await pulumi.runtime.disconnect();
  if (failures.length > 0) throw new Error(failures.join("\n"));

  const requested = monitor.requests.map((request) => {
    const sealed = request.getObject().toJavaScript();
    return {
      type: request.getType(),
      name: request.getName(),
      custom: request.getCustom(),
      inputs: unsealed(sealed) as any,
      sealed,
      parent: request.getParent(),
      version: request.getVersion(),
      provider: request.getProvider(),
      protect: request.getProtect() ?? false,
      retainOnDelete: request.getRetainondelete() ?? false,
      replaceOnChanges: request.getReplaceonchangesList(),
      ignoreChanges: request.getIgnorechangesList(),
      dependencies: request.getDependenciesList(),
      aliases: request.getAliasesList().map((alias) => ({
        type: alias.getSpec()?.getType() ?? "",
        parent: alias.getSpec()?.getParenturn() ?? "",
      })),
    };
  });
  const registrations = requested.filter(({ type }) => !type.startsWith("pulumi:"));
  return {
    registrations,
    providers: requested.filter(({ type }) => type.startsWith("pulumi:providers:")),
    one(name) {
      const found = registrations.filter(
        (registration) => registration.custom && registration.name === name,
      );
      if (found.length !== 1 || found[0] === undefined)
        throw new Error(`${found.length} resources are named "${name}"`);
      return found[0];
    },
    all: (type) => registrations.filter((registration) => registration.type === type),
    outputsOf(type, name) {
      const found = [...monitor.outputs].filter(([urn]) => urn.endsWith(`${type}::${name}`));
      if (found.length !== 1)
        throw new Error(`${found.length} components ${type} are named "${name}"`);
      return found[0]?.[1] as Record<string, unknown>;
    },
  };
}

/**
 * The value of an output, or its rejection: an `expect` in an un-awaited `apply` would pass
 * whatever happens.
 */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    output.apply(resolve);
    // The promise behind an output is the only place where its failure shows.
    (output as unknown as { promise(): Promise<T> }).promise().catch(reject);
  });
}

/** Whether this is the envelope of a secret. */
export function isSealed(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as Record<string, unknown>)[secretKey] === secretSignature
  );
}

/** The value without anything that is inside a secret's envelope. */
export function withoutSecrets(value: unknown): unknown {
  if (isSealed(value)) return "[secret]";
  return mapValue(value, withoutSecrets);
}

function unsealed(value: unknown): unknown {
  if (isSealed(value)) return unsealed((value as { value: unknown }).value);
  return mapValue(value, unsealed);
}

function mapValue(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
}
