import { runInNewContext } from "node:vm";

/** Contexts of an expression: `inputs`, `matrix`, `needs`, …; what has gone wrong is a function. */
export type Contexts = Readonly<Record<string, unknown>>;

const functions = {
  fromJSON: (text: string): unknown => JSON.parse(text),
  toJSON: (value: unknown): string => JSON.stringify(value),
  failure: () => false,
  cancelled: () => false,
};

/**
 * The value of an expression of GitHub's. Theirs are JavaScript's, but that a property of nothing is
 * nothing.
 */
export function evaluate(expression: string, contexts: Contexts): unknown {
  const script = expression
    .replaceAll(/\.([A-Za-z_]\w*)/g, '?.["$1"]')
    .replaceAll(/\[(\d+)\]/g, "?.[$1]");
  return runInNewContext(script, { ...functions, ...contexts });
}

const whole = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s;

/** A condition, with or without its braces. */
export const holds = (condition: string | undefined, contexts: Contexts): boolean =>
  condition === undefined || Boolean(evaluate(whole.exec(condition)?.[1] ?? condition, contexts));

/** A value with its expressions filled in; what is one expression keeps its type. */
export function filled<T>(value: T, contexts: Contexts): T {
  if (typeof value === "string") {
    const only = whole.exec(value)?.[1];
    if (only !== undefined) return evaluate(only, contexts) as T;
    return value.replaceAll(/\$\{\{(.*?)\}\}/g, (_, inner: string) =>
      String(evaluate(inner, contexts)),
    ) as T;
  }
  if (Array.isArray(value)) return value.map((each: unknown) => filled(each, contexts)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, filled(each as unknown, contexts)]),
  ) as T;
}
