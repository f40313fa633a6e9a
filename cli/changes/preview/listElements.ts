import { isDeepStrictEqual } from "node:util";
import { isKnown, valueAt } from "./values.ts";

/**
 * The fields that identify an element of a list in Kubernetes, by the list's name. Every other
 * list's elements are identified by `name`.
 */
const keys: Readonly<Record<string, readonly string[]>> = {
  envFrom: ["prefix", "secretRef.name", "configMapRef.name"],
  hostAliases: ["ip"],
  items: ["key"],
  matchExpressions: ["key"],
  parentRefs: ["namespace", "name", "sectionName", "port"],
  paths: ["path"],
  ports: ["containerPort", "port", "protocol"],
  rules: ["host"],
  sources: ["secret.name", "configMap.name", "serviceAccountToken.path", "downwardAPI.items"],
  tls: ["secretName"],
  tolerations: ["key", "effect"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  volumeDevices: ["devicePath"],
  volumeMounts: ["mountPath"],
};

/** Each element's identity; undefined if one has none, or two have the same. */
export function identitiesOf(list: string, elements: readonly unknown[]): string[] | undefined {
  const identities = elements.flatMap((element) => {
    const parts = (keys[list] ?? ["name"]).flatMap((field) => {
      const value = valueAt(element, field.split("."));
      const plain = typeof value === "number" || (typeof value === "string" && isKnown(value));
      return plain ? [String(value)] : [];
    });
    return parts.length === 0 ? [] : [parts.join("/")];
  });
  return new Set(identities).size === elements.length ? identities : undefined;
}

/** Indexes of an element before and after; one of them is undefined if it was added or removed. */
export interface Pair {
  readonly old?: number;
  readonly new?: number;
}

/** Elements with the same identity, in the order after the change; removed ones come last. */
export function pairedByIdentity(old: readonly string[], next: readonly string[]): Pair[] {
  return [
    ...next.map((identity, at) =>
      old.includes(identity) ? { old: old.indexOf(identity), new: at } : { new: at },
    ),
    ...old.flatMap((identity, at) => (next.includes(identity) ? [] : [{ old: at }])),
  ];
}

/**
 * Elements without an identity: the longest sequence of equal elements stays, so that an added or
 * removed element does not move its neighbours. Between two that stay, positions are paired.
 */
export function pairedByPosition(old: readonly unknown[], next: readonly unknown[]): Pair[] {
  const pairs: Pair[] = [];
  let [from, to] = [0, 0];
  const between = (oldEnd: number, newEnd: number): void => {
    while (from < oldEnd || to < newEnd) {
      const [has, gets] = [from < oldEnd, to < newEnd];
      pairs.push({ ...(has ? { old: from++ } : {}), ...(gets ? { new: to++ } : {}) });
    }
  };
  for (const [oldAt, newAt] of longestCommon(old, next)) {
    between(oldAt, newAt);
    pairs.push({ old: from++, new: to++ });
  }
  between(old.length, next.length);
  return pairs;
}

function longestCommon(old: readonly unknown[], next: readonly unknown[]): [number, number][] {
  const lengths = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: next.length + 1 }, () => 0),
  );
  const length = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const equal = (i: number, j: number): boolean => isDeepStrictEqual(old[i], next[j]);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = next.length - 1; j >= 0; j--)
      lengths[i]![j] = equal(i, j)
        ? length(i + 1, j + 1) + 1
        : Math.max(length(i + 1, j), length(i, j + 1));
  const common: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < old.length && j < next.length;) {
    if (equal(i, j)) common.push([i++, j++]);
    else if (length(i + 1, j) >= length(i, j + 1)) i++;
    else j++;
  }
  return common;
}
