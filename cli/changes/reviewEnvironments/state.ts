/** A resource in a stack's state. */
export interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What `pulumi stack export` says of a stack; its secrets stay encrypted. */
export interface StackState {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly resources: readonly StateResource[];
  /** Operations that were cut off. */
  readonly pending: number;
  readonly secretsProvider: SecretsProvider | undefined;
}

export interface SecretsProvider {
  readonly type: string;
  readonly state: Readonly<Record<string, unknown>>;
}

interface Exported {
  readonly deployment?: {
    readonly resources?: readonly {
      urn: string;
      type: string;
      inputs?: Record<string, unknown>;
      outputs?: Record<string, unknown>;
    }[];
    readonly pending_operations?: readonly unknown[];
    readonly secrets_providers?: { type?: string; state?: Record<string, unknown> };
  };
}

export function parseState(text: string): StackState {
  const {
    resources = [],
    pending_operations: pending = [],
    secrets_providers: provider,
  } = (JSON.parse(text) as Exported).deployment ?? {};
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  return {
    outputs: stack?.outputs ?? {},
    resources: resources.map(({ urn, type, inputs = {} }) => ({
      type,
      name: urn.slice(urn.lastIndexOf("::") + 2),
      inputs,
    })),
    pending: pending.length,
    secretsProvider:
      provider?.type === undefined
        ? undefined
        : { type: provider.type, state: provider.state ?? {} },
  };
}
