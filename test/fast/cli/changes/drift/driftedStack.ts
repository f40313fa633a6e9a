import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { fakePulumi, type Operation } from "../support/fakePulumi.ts";
import { typed } from "../../support/typed.ts";

// What the engine tells of a stack, in its own form, and the command in a repository of its own.

const stack = "urn:pulumi:dev::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-dev";
const instance =
  "urn:pulumi:dev::mlflow-instances::mlflow-instances:index:MlflowInstance::fraud-detector";
export const types = {
  policy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  secret: "kubernetes:core/v1:Secret",
  deployment: "kubernetes:apps/v1:Deployment",
  bucket: "aws:s3/bucket:Bucket",
};
const urn = (type: string, name: string): string =>
  `urn:pulumi:dev::mlflow-instances::mlflow-instances:index:MlflowInstance$${type}::${name}`;
const state = (type: string, name: string, id: string, inputs: object) => ({
  type,
  urn: urn(type, name),
  custom: true,
  id,
  parent: instance,
  inputs,
  outputs: inputs,
  provider: "",
});

export interface Changed {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly before?: object;
  readonly after?: object;
  readonly paths?: readonly string[];
}

const metadata = ({ op, type, name, id, before = {}, after, paths = [] }: Changed) => ({
  op,
  urn: urn(type, name),
  type,
  old: op === "create" ? undefined : state(type, name, id, before),
  new: op === "delete" ? undefined : state(type, name, op === "create" ? "" : id, after ?? before),
  detailedDiff:
    paths.length === 0
      ? null
      : Object.fromEntries(paths.map((path) => [path, { diffKind: "update", inputDiff: false }])),
  provider: "",
});
export const component = {
  resourcePreEvent: {
    metadata: {
      op: "same",
      urn: instance,
      type: "mlflow-instances:index:MlflowInstance",
      old: {
        urn: instance,
        type: "mlflow-instances:index:MlflowInstance",
        id: "",
        parent: stack,
        inputs: {},
        outputs: {},
        provider: "",
      },
      new: {
        urn: instance,
        type: "mlflow-instances:index:MlflowInstance",
        id: "",
        parent: stack,
        inputs: {},
        outputs: {},
        provider: "",
      },
      provider: "",
    },
  },
};
/** A refresh first says that it looks, and what it found after that. */
export const found = (change: Changed): object[] => [
  { resourcePreEvent: { metadata: { ...metadata(change), op: "refresh" } } },
  { resOutputsEvent: { metadata: metadata(change) } },
];
export const planned = (change: Changed): object[] => [
  { resourcePreEvent: { metadata: metadata(change) } },
];
export const sameComponent = { resOutputsEvent: component.resourcePreEvent };

export const fence: Changed = {
  op: "update",
  type: types.policy,
  name: "fraud-detector-server-network",
  id: "mlflow-fraud-detector/server",
  before: { metadata: { labels: { a: "b" } } },
  after: { metadata: { labels: { a: "hunter2-from-outside" } } },
  paths: ["metadata.labels.a"],
};
export const gone: Changed = {
  op: "delete",
  type: types.secret,
  name: "fraud-detector-tokens",
  id: "mlflow-fraud-detector/tokens",
};
export const moved: Changed = {
  op: "update",
  type: types.deployment,
  name: "fraud-detector-server",
  id: "mlflow-fraud-detector/server",
  before: { spec: { replicas: 1 } },
};
export const same: Changed = {
  op: "same",
  type: types.deployment,
  name: "fraud-detector-server",
  id: "mlflow-fraud-detector/server",
  before: { spec: { replicas: 1 } },
};
export const violation = {
  policyEvent: {
    policyName: "ingress-has-tls",
    policyPackName: "mlflow",
    enforcementLevel: "mandatory",
    resourceUrn: urn(types.deployment, "fraud-detector-server"),
    message: "No TLS.\nSet it.",
  },
};
export const failed = (message: string): object => ({
  diagnosticEvent: { urn: stack, severity: "error", message, color: "never" },
});

export let root: string;

/** A repository of its own for every test of the file. */
export function inRepository(): void {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "drift-"));
    mkdirSync(join(root, "stacks"));
    writeFileSync(join(root, "stacks/Pulumi.dev.yaml"), "config: {}\n");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
}

export const quiet: Operation = { events: [sameComponent, ...found(same)] };
export const nothingNew: Operation = { events: [component, ...planned(same)] };

export async function drift(
  refresh: Operation,
  preview: Operation,
  args: string[] = [],
  env: Record<string, string> = {},
) {
  const cli = fakePulumi(root, { refresh, preview });
  const ended = await typed(root, ["drift", "dev", ...args], { env: { ...env, PATH: cli.path } });
  return { ...ended, calls: cli.calls() };
}
