import type { IdRule } from "./idRules.ts";
import { isOneOf, oneOf, type Report } from "./problems.ts";

/** The kind of a value, checked before anything looks into it. */
export interface Shape {
  readonly kind: "string" | "number" | "boolean" | "list" | "object";
  /** Whether it may be an output, whose value comes later. */
  readonly mayBeOutput?: boolean;
  /** The rule of an output once its value is known. Undefined: none. */
  readonly rule?: IdRule;
  readonly isRequired?: boolean;
  /** Each element of a list. */
  readonly of?: Shape;
  /** The fields of an object; no others are known. Undefined: any. */
  readonly fields?: Fields<object>;
  /** The only values of a text. */
  readonly choices?: Readonly<Record<string, string>>;
  /** A value that must never be shown, nor named by a path that leads to it. */
  readonly isSecret?: boolean;
}

/** One shape for each field of a type: a new field without one doesn't compile. */
export type Fields<T> = { readonly [Key in keyof Required<T>]: Shape };

export const text: Shape = { kind: "string" };
export const oneText = (choices: Readonly<Record<string, string>>): Shape => ({
  kind: "string",
  choices,
});
export const count: Shape = { kind: "number" };
export const flag: Shape = { kind: "boolean" };
/** Text that other resources of the program may make. */
export const id: Shape = { kind: "string", mayBeOutput: true };
export const idOf = (rule: IdRule): Shape => ({ ...id, rule });
export const listOf = (of: Shape): Shape => ({ kind: "list", of });
export const objectOf = <T extends object>(fields: Fields<T>): Shape => ({
  kind: "object",
  fields,
});
export const required = (shape: Shape): Shape => ({ ...shape, isRequired: true });

const articles = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  list: "a list",
  object: "an object",
};

/** Whether the value comes later. */
export const isOutput = (value: unknown): boolean =>
  value instanceof Promise ||
  (typeof value === "object" && value !== null && "__pulumiOutput" in value);

/** `typeof`, with a name of its own for lists and for nothing. */
export function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "list" : typeof value;
}

export const pathOf = (path: string, field: string): string =>
  path === "" ? field : `${path}.${field}`;

export interface Reports {
  /** Something else than what it has to be: nothing can be looked into. */
  readonly report: Report;
  /** Of the right kind, and none of its choices. */
  readonly reportValue: Report;
  /** Where an unknown field is now. */
  readonly moved: (path: string) => string | undefined;
}

/** Reports what isn't of its shape, each with its path. */
export function checkShape(path: string, value: unknown, shape: Shape, reports: Reports): void {
  const { report, reportValue, moved } = reports;
  if (value === undefined) {
    report(path, shape.isRequired !== true, "must be set");
    return;
  }
  if (isOutput(value)) {
    report(
      path,
      shape.mayBeOutput === true,
      "must be a plain value and no output: it decides which resources exist",
    );
    return;
  }
  if (kindOf(value) !== shape.kind) {
    // The engine prints the value beside a path; a field that isn't there has none.
    const [inner = "value"] = Object.keys(shape.fields ?? {});
    report(
      shape.isSecret === true ? `${path}.${inner}` : path,
      false,
      `must be ${articles[shape.kind]}`,
    );
    return;
  }
  if (shape.choices !== undefined)
    reportValue(path, isOneOf(shape.choices, value as string), oneOf(shape.choices));
  if (shape.of !== undefined)
    (value as unknown[]).forEach((element, index) => {
      // An element that is missing is one that was forgotten.
      checkShape(`${path}[${index}]`, element, required(shape.of!), reports);
    });
  if (shape.fields === undefined) return;
  const fields = shape.fields as Record<string, Shape>;
  const at = (field: string) => pathOf(path, field);
  for (const [field, inner] of Object.entries(fields))
    checkShape(at(field), (value as Record<string, unknown>)[field], inner, reports);
  for (const field of Object.keys(value as object).filter((each) => !(each in fields))) {
    const now = moved(at(field));
    report(at(field), false, now === undefined ? "is no argument" : `is now ${now}`);
  }
}
