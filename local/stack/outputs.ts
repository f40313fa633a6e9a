import type { Pulumi } from "./pulumi.ts";

/** What a user of an instance needs; read from the stack's outputs. */
export interface InstanceOutput {
  readonly name: string;
  readonly trackingUri: string;
  readonly bucket: string;
  readonly database: string;
  readonly namespace: string;
  readonly version: string;
  readonly tokens: readonly TokenOutput[];
  /** It is about to be deleted: its server is stopped. */
  readonly deletion?: "prepared";
}

export interface TokenOutput {
  readonly name: string;
  readonly role: string;
  readonly expires: string;
  /** Secret. */
  readonly value: string;
}

interface StackOutputs {
  instances?: Record<
    string,
    Omit<InstanceOutput, "name" | "tokens"> & {
      tokens: Record<string, { expires: string; role: string }>;
    }
  >;
  tokens?: Record<string, Record<string, string>>;
}

export async function readOutputs(pulumi: Pulumi): Promise<InstanceOutput[]> {
  const json = await pulumi.run([
    "stack",
    "output",
    "--json",
    "--show-secrets",
    "--stack",
    pulumi.project.stack,
  ]);
  const { instances = {}, tokens: values = {} } = JSON.parse(json) as StackOutputs;
  return Object.entries(instances).map(([name, { tokens, ...rest }]) => ({
    ...rest,
    name,
    tokens: Object.entries(tokens).map(([token, { expires, role }]) => ({
      name: token,
      role,
      expires,
      value: values[name]?.[token] ?? "",
    })),
  }));
}

/**
 * The token with which a first run can be logged: the least role that may write. Undefined when the
 * instance declares none.
 */
export const writingToken = (instance: InstanceOutput): TokenOutput | undefined =>
  ["edit", "manage", "admin"].flatMap((role) =>
    instance.tokens.filter((token) => token.role === role),
  )[0];
