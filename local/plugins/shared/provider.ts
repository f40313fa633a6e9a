// What a stand-in provider implements. The server (server.ts) does the protocol; a provider sees
// values, never messages.
import type { Properties } from "./values.ts";

export interface CheckFailure {
  /** Property path such as `spec.containers[0].image`; empty for the resource as a whole. */
  property: string;
  reason: string;
}

export interface CheckResult {
  inputs: Properties;
  failures?: CheckFailure[];
}

export type DiffKind =
  "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  kind: DiffKind;
  /**
   * true: the difference is between old and new inputs; false: between old state and new inputs.
   */
  inputDiff: boolean;
}

export interface DiffResult {
  changes: boolean;
  /**
   * Paths (or top-level names) of which a change replaces the resource; shown as `replaceReasons`.
   */
  replaces?: string[];
  /** Top-level names that changed; shown as `diffReasons`. */
  diffs?: string[];
  deleteBeforeReplace?: boolean;
  /** Left out: the engine works out a display of its own. */
  detailedDiff?: Record<string, PropertyDiff>;
}

export interface Context {
  urn: string;
  /** The resource's logical name. */
  name: string;
  /** The resource's type, such as `kubernetes:apps/v1:Deployment`. */
  type: string;
  /** Ends when the engine cancels (Ctrl-C) or the custom timeout of the operation is over. */
  signal: AbortSignal;
  log: ResourceLog;
}

export interface ResourceLog {
  /** A passing line in the progress display ("waiting for 1 of 2 replicas"). */
  status(message: string): void;
}

export interface CheckRequest extends Context {
  olds: Properties;
  news: Properties;
  /** Seed of automatic names, the same in preview and update. */
  randomSeed: Uint8Array;
  autonaming?: { mode: "propose" | "enforce" | "disable"; proposedName: string };
}

export interface DiffRequest extends Context {
  id: string;
  /** The old state (outputs). */
  olds: Properties;
  oldInputs: Properties;
  news: Properties;
  ignoreChanges: string[];
}

export interface CreateRequest extends Context {
  inputs: Properties;
  preview: boolean;
  /** Custom timeout in seconds; 0 means the provider's own. */
  timeout: number;
}

export interface ReadRequest extends Context {
  id: string;
  /** Last known state; empty for an import. */
  properties: Properties;
  inputs: Properties;
}

export interface UpdateRequest extends Context {
  id: string;
  olds: Properties;
  oldInputs: Properties;
  news: Properties;
  ignoreChanges: string[];
  preview: boolean;
  timeout: number;
}

export interface DeleteRequest extends Context {
  id: string;
  properties: Properties;
  oldInputs: Properties;
  timeout: number;
}

export interface ReadResult {
  id: string;
  properties: Properties;
  inputs: Properties;
}

/** One resource type (or a family of them). */
export interface ResourceHandler {
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<{ id: string; properties: Properties }>;
  /** undefined: the resource is gone. */
  read(request: ReadRequest): Promise<ReadResult | undefined>;
  update(request: UpdateRequest): Promise<Properties>;
  delete(request: DeleteRequest): Promise<void>;
}

export interface Invocation {
  token: string;
  args: Properties;
  signal: AbortSignal;
}

export interface Provider {
  /** Package name, such as `postgresql`. */
  name: string;
  /** Version of the official plugin whose protocol and state this one follows. */
  version: string;
  /** Resource types that are supported, for the error about any other type. */
  supported: string[];
  resource(type: string): ResourceHandler | undefined;
  configure(config: Properties): Promise<void>;
  invoke?(invocation: Invocation): Promise<{ result: Properties } | { failures: CheckFailure[] }>;
  /** Ends what is open (connections), at the end of the plugin's life. */
  close?(): Promise<void>;
}

/** An error whose message is the whole story for the user; no stack is shown. */
export class UserError extends Error {}
