import type { RawResource } from "../rawStack.ts";

// How an edit changes resources of a stack; each throws where there is nothing to change.

type Stack = readonly RawResource[];

/** One change to a compliant stack. */
export type Apply = (stack: Stack) => Stack;

/** Edits by the rule that each of them breaks, and by what they do. */
export type Edits = Readonly<Record<string, Readonly<Record<string, Apply>>>>;

type Path = readonly (string | number)[];

const changed = (value: any, [key, ...rest]: Path, to: unknown): any => {
  if (key === undefined) return typeof to === "function" ? to(value) : to;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = changed(copy[key], rest, to);
  if (copy[key] === undefined) delete copy[key];
  return copy;
};

/** Changes one resource, which must be there. */
export const resource =
  (name: string, change: (resource: RawResource) => RawResource): Apply =>
  (stack) => {
    if (!stack.some((each) => each.name === name)) throw new Error(`there is no resource ${name}`);
    return stack.map((each) => (each.name === name ? change(each) : each));
  };

/** Sets one input (undefined takes it away, a function gets what was there). */
export const set = (name: string, path: Path, to: unknown) =>
  resource(name, (each) => {
    const inputs = changed(each.inputs, path, to);
    if (JSON.stringify(inputs) === JSON.stringify(each.inputs))
      throw new Error(`${name} is the same as before`);
    return { ...each, inputs };
  });

export const without =
  (name: string): Apply =>
  (stack) => {
    const left = stack.filter((each) => each.name !== name);
    if (left.length !== stack.length - 1) throw new Error(`there is no resource ${name}`);
    return left;
  };

export const more =
  (added: Omit<RawResource, "protect">): Apply =>
  (stack) => [...stack, { protect: false, ...added }];

/**
 * Another text wherever it stands in what the resources of one instance say: a variable of the
 * program has another value.
 */
export const everywhere =
  (from: string, to: string, of = ""): Apply =>
  (stack) =>
    stack.map((each) =>
      each.name.startsWith(of)
        ? (JSON.parse(JSON.stringify(each).replaceAll(from, to)) as RawResource)
        : each,
    );

export const inText = (from: string, to: string) => (text: string) => text.replace(from, to);

export const pod = ["spec", "template", "spec"];
export const container = [...pod, "containers", 0];
export const server = "fraud-detector-server";

/** Another value of a variable; undefined takes it away. */
export const variable = (workload: string, name: string, value: string | undefined) =>
  set(workload, [...container, "env"], (variables: { name: string }[]) => [
    ...variables.filter((each) => each.name !== name),
    ...(value === undefined ? [] : [{ name, value }]),
  ]);

export const label = ["metadata", "labels"];
export const annotation = ["metadata", "annotations"];
