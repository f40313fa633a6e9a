import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
} from "yaml";
import { showPath, type Problem } from "./problems.ts";

/** A YAML file that remembers where each value stands. */
export interface YamlFile {
  readonly data: unknown;
  /** Errors of the YAML itself (indentation, a key given twice), already with their place. */
  readonly syntaxErrors: readonly string[];
  /** `line:column` of a path, or of the deepest part of it that exists. */
  at(path: Problem["path"]): string;
  /** `line:column path: message` for a problem in the data. */
  place(problem: Problem): string;
}

export function parseYamlFile(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  // A warning is an unknown tag: its value would silently be read as something else.
  const syntaxErrors = [...document.errors, ...document.warnings].map((error) => {
    const path = error.code === "DUPLICATE_KEY" ? pathAt(document, error.pos[0]) : undefined;
    const message =
      path === undefined
        ? error.message.split("\n")[0]
        : `${showPath(path)}: is given twice, first in line ${lines.linePos(offsetOf(document, path)).line}; remove one of the two`;
    return `${at(error.pos[0])} ${message}`;
  });
  let data: unknown;
  try {
    data = syntaxErrors.length === 0 ? document.toJS() : undefined;
  } catch (error) {
    // Aliases that unfold without end.
    syntaxErrors.push(`1:1 ${(error as Error).message}`);
  }
  return {
    data,
    syntaxErrors,
    at: (path) => at(offsetOf(document, path)),
    place: (problem) =>
      [
        at(offsetOf(document, problem.path)),
        problem.path.length === 0 ? "" : ` ${showPath(problem.path)}`,
        `: ${problem.message}`,
      ].join(""),
  };
}

/** The path of the key that begins at an offset. */
function pathAt(document: Document, offset: number): Problem["path"] | undefined {
  let found: Problem["path"] | undefined;
  visit(document, {
    Pair(_, { key }, ancestors) {
      if (!isScalar(key) || key.range?.[0] !== offset) return undefined;
      const steps = [...ancestors.slice(1), { key }];
      found = steps.flatMap((step, index) => {
        if (isSeq(step)) return step.items.indexOf(steps[index + 1]);
        return isMap(step) || !("key" in step) || !isScalar(step.key) ? [] : String(step.key.value);
      });
      return visit.BREAK;
    },
  });
  return found;
}

// Offset of the deepest part of the path that exists: the key of a wrong entry, or of the mapping
// in which an entry is missing.
function offsetOf(document: Document, path: Problem["path"]): number {
  let node: unknown = document.contents;
  let offset = isMap(node) || isSeq(node) || isScalar(node) ? (node.range?.[0] ?? 0) : 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if ((isMap(node) || isSeq(node) || isScalar(node)) && node.range) offset = node.range[0];
    } else break;
  }
  return offset;
}
