import { join } from "node:path";
import {
  readEventLog,
  type EngineEvents,
  type Step,
} from "../../../../../cli/changes/engineEvents.ts";
import type { EngineRun } from "../../../../../cli/changes/engine.ts";
import {
  reportOf,
  type PreviewReport,
  type ReportInput,
} from "../../../../../cli/changes/preview/report.ts";

const fixtures = join(import.meta.dirname, "..", "..", "..", "..", "fixtures", "preview");

/** Events as the engine wrote them; see the folder's README. */
export const recorded = async (name: string): Promise<EngineRun> =>
  runOf(await readEventLog(join(fixtures, `${name}.jsonl`)));

export const runOf = (events: Partial<EngineEvents>): EngineRun => {
  const all = {
    steps: [],
    results: [],
    failed: [],
    policies: [],
    diagnostics: [],
    summary: undefined,
    started: true,
    ...events,
  };
  return {
    ...all,
    succeeded: !all.diagnostics.some(({ severity }) => severity === "error"),
    interrupted: false,
    output: "",
  };
};

export const reportFrom = async (
  name: string,
  more: Partial<ReportInput> = {},
): Promise<PreviewReport> =>
  reportOf({ stack: "dprev", run: await recorded(name), exclusions: [], ...more });

type State = Partial<NonNullable<Step["old"]>>;

/**
 * A step of a resource of an instance's component, or, without an instance, of the stack itself.
 */
export function step(
  op: Step["op"],
  type: string,
  name: string,
  more: Partial<Omit<Step, "old" | "new">> & { old?: State; new?: State; instance?: string } = {},
): Step {
  const { instance, old, new: next, ...rest } = more;
  const urn = urnOf(type, name);
  const parent = instance === undefined ? stackUrn : urnOf(instanceType, instance);
  const state = (given: State) => ({
    type,
    urn,
    custom: true,
    id: "",
    parent,
    inputs: {},
    outputs: {},
    provider: "",
    ...given,
  });
  const has = {
    old: op !== "create" && op !== "create-replacement",
    new: op !== "delete" && op !== "delete-replaced",
  };
  return {
    op,
    urn,
    type,
    provider: "",
    ...rest,
    ...(has.old || old !== undefined ? { old: state(old ?? {}) } : {}),
    ...(has.new ? { new: state(next ?? {}) } : {}),
  };
}

const instanceType = "mlflow-instances:index:MlflowInstance";
const urnOf = (type: string, name: string): string =>
  `urn:pulumi:dprev::mlflow-instances::${type}::${name}`;
const stackUrn = urnOf("pulumi:pulumi:Stack", "mlflow-instances-dprev");

/** The component of an instance, the parent of `step(…, { instance })`. */
export const component = (name: string, op: Step["op"] = "same"): Step => {
  const made = step(op, instanceType, name);
  return {
    ...made,
    ...(made.old ? { old: { ...made.old, custom: false } } : {}),
    ...(made.new ? { new: { ...made.new, custom: false } } : {}),
  };
};

/** The namespace that says what an instance is. */
export const namespace = (
  instance: string,
  before: Record<string, string>,
  after: Record<string, string> = before,
  op: Step["op"] = "same",
): Step =>
  step(op, "kubernetes:core/v1:Namespace", `${instance}-namespace`, {
    instance,
    old: {
      inputs: {
        metadata: {
          name: `mlflow-${instance}`,
          annotations: before,
          labels: { "mlflow-instances/environment": "dev" },
        },
      },
    },
    new: {
      inputs: {
        metadata: {
          name: `mlflow-${instance}`,
          annotations: after,
          labels: { "mlflow-instances/environment": "dev" },
        },
      },
    },
  });

/** An error that the engine tells of, of a resource or of none. */
export const error = (message: string, urn?: string) => ({
  severity: "error" as const,
  message,
  color: "never",
  ...(urn === undefined ? {} : { urn }),
});

/** A violation of a policy that stops an update. */
export const violation = {
  policyName: "p",
  message: "m",
  color: "",
  policyPackName: "",
  policyPackVersion: "",
  policyPackVersionTag: "",
  enforcementLevel: "mandatory" as const,
};

export const sealed = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
};
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
