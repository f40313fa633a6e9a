import type { PolicyResource, ResourceValidationArgs, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";

export interface Resource {
  readonly type: string;
  readonly props: Record<string, unknown>;
  readonly urn?: string;
}

// Whatever a rule reads besides type, props and urn fails the test instead of passing by a default.
const only = <T extends object>(what: string, values: object): T =>
  new Proxy(values, {
    get(target, key) {
      if (key in target) return (target as Record<PropertyKey, unknown>)[key];
      throw new Error(`the rule reads ${what}.${String(key)}, which the test does not give`);
    },
  }) as T;

/** The messages of a resource rule for one resource. */
export async function violationsOf(policy: ResourceValidationPolicy, resource: Resource): Promise<string[]> {
  const found: string[] = [];
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error(`${policy.name} has not exactly one validation`);
  await validate(only<ResourceValidationArgs>("args", resource), (message) => found.push(message));
  return found;
}

/** The messages of a stack rule, each with the resource that it blames. */
export async function stackViolationsOf(policy: StackValidationPolicy, resources: readonly Resource[]): Promise<string[]> {
  const found: string[] = [];
  const given = resources.map((resource, index) => only<PolicyResource>("resource", { urn: `urn:${index}`, ...resource }));
  await policy.validateStack(only("args", { resources: given }), (message, urn) => found.push(`${urn}: ${message}`));
  return found;
}

/** An instance's namespace as the components make it, with changed labels or annotations; undefined removes one. */
export function namespace(labels: Record<string, string | undefined> = {}, annotations: Record<string, string | undefined> = {}): Resource {
  const defined = (values: Record<string, string | undefined>) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return {
    type: "kubernetes:core/v1:Namespace",
    props: {
      metadata: {
        name: "mlflow-shop",
        labels: defined({
          "app.kubernetes.io/part-of": "mlflow-instances",
          "app.kubernetes.io/instance": "shop",
          "pod-security.kubernetes.io/enforce": "restricted",
          ...labels,
        }),
        annotations: defined({ "mlflow-instances/deleted-experiment-retention": "30d", ...annotations }),
      },
    },
  };
}

export const foreignNamespace: Resource = { type: "kubernetes:core/v1:Namespace", props: { metadata: { name: "other" } } };
