import type { ResourceValidation, ResourceValidationArgs } from "@pulumi/policy";

// The rules know resource types and label keys, and no code of the components: they judge what is deployed, whoever wrote it.

export const kubernetesType = {
  namespace: "kubernetes:core/v1:Namespace",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  networkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
} as const;

export const label = {
  partOf: "app.kubernetes.io/part-of",
  instance: "app.kubernetes.io/instance",
} as const;

const partOf = "mlflow-instances";

interface Metadata {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

export const metadataOf = (props: Record<string, unknown>): Metadata => props["metadata"] ?? {};

/** Whether the namespace belongs to an instance; a stack may hold others. */
export const isInstanceNamespace = (resource: { type: string; props: Record<string, unknown> }): boolean =>
  resource.type === kubernetesType.namespace && metadataOf(resource.props).labels?.[label.partOf] === partOf;

/** A rule for the resources of one kind; the others are not its business. */
export const rule =
  (applies: (args: ResourceValidationArgs) => boolean, problemsOf: (props: Record<string, unknown>) => string[]): ResourceValidation =>
  (args, report) => {
    if (applies(args)) problemsOf(args.props).forEach((problem) => report(problem));
  };
