interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly inputs?: Record<string, unknown>;
}

/** What `pulumi stack export` prints, as far as an operation that was cut off is concerned. */
export interface ExportedState {
  readonly deployment?: {
    readonly resources?: readonly unknown[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
  };
}

/**
 * The state with each cut-off creation as a resource that a refresh can read: it drops those that
 * are not there. `pulumi refresh --import-pending-creates` is meant for this, but forgets the
 * operation without taking the resource (seen with 3.250).
 */
export function withPendingCreates<S extends ExportedState>(state: S): S {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const created = pending.flatMap(({ type, resource }) => {
    const id =
      type === "creating" && resource.custom === true
        ? idOf(resource.type, resource.inputs ?? {})
        : undefined;
    return id === undefined ? [] : [{ ...resource, id, outputs: resource.inputs ?? {} }];
  });
  return {
    ...state,
    deployment: {
      ...state.deployment,
      resources: [...resources, ...created],
      pending_operations: [],
    },
  };
}

/**
 * The provider's id of a resource that was being made, where it follows from the inputs; others (a
 * random value, say) are simply made again.
 */
export function idOf(type: string, inputs: Record<string, unknown>): string | undefined {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  if (type.startsWith("kubernetes:")) {
    const { name, namespace } = (inputs["metadata"] ?? {}) as {
      name?: unknown;
      namespace?: unknown;
    };
    const own = text(name);
    if (own === undefined) return undefined;
    const space = text(namespace);
    return space === undefined ? own : `${space}/${own}`;
  }
  if (type.startsWith("aws:s3/bucket")) return text(inputs["bucket"]);
  if (type === "postgresql:index/role:Role" || type === "postgresql:index/database:Database")
    return text(inputs["name"]);
  return undefined;
}
