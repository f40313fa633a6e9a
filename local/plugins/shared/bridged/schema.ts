// How a resource type of a bridged provider (one that official Pulumi generates from a Terraform
// provider) is described. The rules of check, diff and state that all bridged types share are in
// the files beside this one; a type only adds its table and its calls.
import type { CheckFailure, Context } from "../provider.ts";
import type { Properties, Value } from "../values.ts";

export type PropertyType = "string" | "number" | "boolean" | "list" | "set" | "map" | "object";

export interface PropertySpec {
  type: PropertyType;
  /** Must be given. */
  required?: true;
  /** Filled in by the provider when not given: leaving it out is never a change. */
  computed?: true;
  /** Never an input. */
  output?: true;
  /** A change replaces the resource. */
  replaces?: true;
  /** Encrypted in the state. */
  secret?: true;
  /**
   * Value when not given; a non-zero one is written to the inputs and listed in `__defaults`, as
   * the official bridge does.
   */
  default?: boolean | number | string;
  /** Gets an automatic name `<logical name>-<7 hex digits>` when not given. */
  autoname?: { maxLength: number; separator?: string; lowerCase?: true };
  /** Elements of a list or set of plain values (default string). */
  element?: "string" | "number" | "boolean";
  /** Fields of an object, or of the objects in a list or set. */
  fields?: Record<string, PropertySpec>;
  /** Says what is wrong with a known value. */
  validate?(value: Value): string | undefined;
  /** Equality beyond the plain one, such as that of two JSON documents. */
  same?(a: Value, b: Value): boolean;
}

export interface Operation extends Context {
  /** Inputs with defaults, secrets revealed: for requests only. */
  inputs: Properties;
  timeout: number;
}

export interface BridgedResource {
  properties: Record<string, PropertySpec>;
  /** Terraform's own two ways to make providers; they differ in what reaches inputs and state. */
  framework: "sdk" | "plugin-framework";
  /** `__meta` of the state. */
  meta?: string;
  /** false where the official state has no `id` among the outputs. */
  idInState?: false;
  deleteBeforeReplace?: true;
  /** Rules over several properties. */
  validate?(inputs: Properties): CheckFailure[];
  /** Changes inputs before the check (default tags). */
  prepare?(inputs: Properties): Properties;
  /** Provider-filled properties that a preview can already know from the inputs. */
  plan?(inputs: Properties): Properties;
  create(operation: Operation): Promise<{ id: string; state: Properties }>;
  /** undefined: gone. `state` is the last known one, empty for an import. */
  read(
    context: Context,
    id: string,
    state: Properties,
  ): Promise<{ id?: string; state: Properties } | undefined>;
  /** Left out: every change replaces. */
  update?(
    operation: Operation & { id: string; old: Properties; changed: Set<string> },
  ): Promise<Properties>;
  delete(context: Context & { timeout: number }, id: string, state: Properties): Promise<void>;
}
