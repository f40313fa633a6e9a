import * as pulumi from "@pulumi/pulumi";
import { instanceShape } from "./argumentShapes.ts";
import type { IdRule } from "./idRules.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { isOutput, kindOf, pathOf, type Shape } from "./shape.ts";

/** The value of an id, now that it is known; throws with its path when it breaks its rule. */
export function knownId(path: string, known: unknown, { holds, reason }: IdRule): string {
  if (typeof known !== "string" || !holds(known)) throw new Error(`${path}: ${reason}`);
  return known;
}

/**
 * A value that is checked again when it is known: an output of a stack reference or of another
 * resource may be empty, and to a policy that is not nothing but something else. A plain one was
 * checked before.
 */
export function guarded<T extends pulumi.Input<string> | undefined>(
  path: string,
  value: T,
  rule: IdRule,
): T {
  if (value === undefined || typeof value === "string") return value;
  const output = pulumi.output(value as pulumi.Input<unknown>) as pulumi.Output<unknown>;
  return output.apply((known) => knownId(path, known, rule)) as unknown as T;
}

function guardedBy(shape: Shape, path: string, value: unknown): unknown {
  if (isOutput(value))
    return shape.rule === undefined
      ? value
      : guarded(path, value as pulumi.Output<string>, shape.rule);
  const { of, fields } = shape;
  if (of !== undefined && Array.isArray(value))
    return value.map((element, index) => guardedBy(of, `${path}[${index}]`, element));
  if (fields === undefined || kindOf(value) !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([field, inner]: [string, unknown]) => [
      field,
      guardedBy(fields[field as keyof typeof fields], pathOf(path, field), inner),
    ]),
  );
}

/** The arguments, checked before, with each output under the rule of its shape. */
export const guardedArgs = (args: NamedArgs): NamedArgs =>
  guardedBy(instanceShape, "", args) as NamedArgs;
