// Property paths in the engine's notation: `spec.containers[0].env`,
// `metadata.labels["app.kubernetes.io/name"]`.

export type Path = (string | number)[];

export function formatPath(path: Path): string {
  let result = "";
  for (const step of path) {
    if (typeof step === "number") result += `[${step}]`;
    else if (/[."[\]]/.test(step)) result += `["${step.replaceAll('"', '\\"')}"]`;
    else result += result === "" ? step : `.${step}`;
  }
  return result;
}

/** Reads a path; a wildcard index is the step "*". */
export function parsePath(path: string): Path {
  const steps: Path = [];
  for (const [, quoted, index, plain] of path.matchAll(
    /\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g,
  )) {
    if (quoted !== undefined) steps.push(quoted.replaceAll('\\"', '"'));
    else if (index !== undefined) steps.push(index === "*" ? "*" : Number(index));
    else steps.push(plain!);
  }
  return steps;
}

/** true when `inner` is `outer` or lies below it. */
export function contains(outer: Path, inner: Path): boolean {
  return (
    outer.length <= inner.length &&
    outer.every((step, index) => step === "*" || step === inner[index])
  );
}
