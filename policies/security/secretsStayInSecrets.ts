import { inEach } from "../model/parts.ts";
import { secretIn, secretInFile } from "../model/plainSecrets.ts";
import { isOfInstance, kubernetesType } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import {
  containersOf,
  variablesOf,
  wordsOf,
  workloadTypes,
  type Part,
} from "../model/workloads.ts";

const optionName = /^--?([A-Za-z][\w-]*)(?:=|$)/;

/** The name that a word of a command line is the value of, and the value. */
function argument(words: readonly { text: string }[], index: number): [string, string | undefined] {
  const { text } = words[index]!;
  const own = optionName.exec(text)?.[1];
  if (own !== undefined)
    return text.includes("=") ? [text.slice(text.indexOf("=") + 1), own] : [text, undefined];
  const before = words[index - 1]?.text ?? "";
  return [text, before.includes("=") ? undefined : optionName.exec(before)?.[1]];
}

export const secretsStayInSecrets = resourceRule({
  name: "secrets-stay-in-secrets",
  pack: "security",
  severity: "critical",
  demand: "No ConfigMap, variable or command line of an instance holds a secret.",
  reason:
    "All three are visible to every identity that may read pods, and stay in logs and in the state.",
  steps:
    "Move the value into a Secret, refer to it by secretKeyRef, and replace it where it is used: it was readable.",
  types: [kubernetesType.configMap, ...workloadTypes],
  *check(resource, context) {
    if (!isOfInstance(resource)) return;
    const instead =
      "move it to a Secret, and take it from there with valueFrom.secretKeyRef or a volume";
    if (resource.type === kubernetesType.configMap) {
      const data = (resource.props["data"] ?? {}) as Record<string, string>;
      yield* inEach(Object.keys(data), context, function* (key) {
        const found = secretInFile(data[key]!, key);
        if (found !== undefined) yield `data.${key} holds ${found}; ${instead}.`;
      });
      return;
    }
    const containers: Part[] = containersOf(resource);
    yield* inEach(containers.flatMap(variablesOf), context, function* ({ path, name, text }) {
      const found = secretIn(text() ?? "", name);
      if (found !== undefined) yield `${path} (${name}) holds ${found}; ${instead}.`;
    });
    yield* inEach(containers, context, function* (container) {
      const words = wordsOf(container);
      for (const [index, { path }] of words.entries()) {
        const found = secretIn(...argument(words, index));
        if (found !== undefined) yield `${path} holds ${found}; ${instead}.`;
      }
    });
  },
});
