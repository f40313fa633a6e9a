import { isInstance } from "@mlflow-instances/components/internal";
import type { Step } from "../engineEvents.ts";
import { asObject, textOf, valueAt } from "./values.ts";

export const logicalNameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** The instance that a resource belongs to; undefined for what is the environment's. */
export type OwnerOf = (urn: string) => string | undefined;

/**
 * Every resource belongs to one instance or to the environment. What an instance's component made
 * says so by its parents; a resource that was declared raw says so by its label or tag, and one
 * that has neither by the beginning of its logical name.
 */
export function findOwners(steps: readonly Step[]): OwnerOf {
  const byUrn = new Map(steps.map((step) => [step.urn, step]));
  const labels = new Map(
    steps.flatMap((step) => {
      const label = labelledInstance(step);
      return label === undefined ? [] : [[step.urn, label] as const];
    }),
  );
  const components = steps.flatMap(({ type, urn }) =>
    isInstance(type) ? [logicalNameOf(urn)] : [],
  );
  // The longest first: `search-ranker-token` belongs to `search-ranker`, also when there is an
  // instance `search`.
  const names = [...new Set([...components, ...labels.values()])].sort(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );

  const parentOf = ({ new: next, old }: Step): string => next?.parent || old?.parent || "";
  const byParents = (urn: string): string | undefined => {
    for (let at = urn; at !== "";) {
      const step = byUrn.get(at);
      if (step === undefined) return undefined;
      if (isInstance(step.type)) return logicalNameOf(at);
      at = parentOf(step);
    }
    return undefined;
  };
  return (urn) => {
    const type = byUrn.get(urn)?.type ?? "";
    if (type.startsWith("pulumi:")) return undefined;
    const name = logicalNameOf(urn);
    return (
      byParents(urn) ??
      labels.get(urn) ??
      names.find((each) => name === each || name.startsWith(`${each}-`))
    );
  };
}

function labelledInstance({ new: next, old }: Step): string | undefined {
  const inputs = asObject(next?.inputs ?? old?.inputs);
  const marks = asObject(valueAt(inputs, ["metadata", "labels"]) ?? inputs["tags"]);
  return marks["app.kubernetes.io/part-of"] === "mlflow-instances"
    ? textOf(marks["app.kubernetes.io/instance"])
    : undefined;
}
