import { component, isOfInstance, kubernetesType, label, marksOf } from "./resources.ts";

type Props = Record<string, any>;

/** Types that make pods, with the way to the pod's spec. */
const podTemplates: Record<string, readonly string[]> = {
  [kubernetesType.pod]: [],
  [kubernetesType.deployment]: ["spec", "template"],
  [kubernetesType.replicaSet]: ["spec", "template"],
  [kubernetesType.statefulSet]: ["spec", "template"],
  [kubernetesType.daemonSet]: ["spec", "template"],
  [kubernetesType.job]: ["spec", "template"],
  [kubernetesType.cronJob]: ["spec", "jobTemplate", "spec", "template"],
};

export const workloadTypes = Object.keys(podTemplates);

/** A part of a manifest and the way to it, for messages. */
export interface Part {
  readonly path: string;
  readonly value: Props;
}

/** Metadata and spec of the pods that a workload makes. */
export function podOf({ type, props }: { type: string; props: Props }): {
  metadata: Props;
  spec: Part;
} {
  const way = podTemplates[type];
  if (way === undefined) throw new Error(`${type} makes no pods`);
  const template = way.reduce<Props>((value, key) => value?.[key] ?? {}, props);
  return {
    metadata: template["metadata"] ?? {},
    spec: { path: [...way, "spec"].join("."), value: template["spec"] ?? {} },
  };
}

// Not `list.map`: it makes a list of the same kind, which fails on the one that the SDK hands to a
// remedy.
const itemsOf = (list: readonly Props[] | undefined): Props[] => [...(list ?? [])];

/** The properties with another spec of the pods. */
export function withPodSpec(
  { type, props }: { type: string; props: Props },
  change: (spec: Props) => Props,
): Props {
  const at = (value: Props, [key, ...rest]: readonly string[]): Props =>
    key === undefined ? change(value) : { ...value, [key]: at(value[key] ?? {}, rest) };
  return at(props, [...(podTemplates[type] ?? []), "spec"]);
}

/** The properties with every container changed. */
export const withContainers = (
  resource: { type: string; props: Props },
  change: (container: Props) => Props,
): Props =>
  withPodSpec(resource, (spec) => ({
    ...spec,
    ...(spec["initContainers"] === undefined
      ? {}
      : { initContainers: itemsOf(spec["initContainers"]).map(change) }),
    containers: itemsOf(spec["containers"]).map(change),
  }));

/** Types that can serve; a tracking server is one that says so by its component label. */
export const serverTypes: readonly string[] = [
  kubernetesType.deployment,
  kubernetesType.statefulSet,
];

export const isTrackingServer = (resource: { type: string; props: Props }): boolean =>
  serverTypes.includes(resource.type) &&
  isOfInstance(resource) &&
  marksOf(resource)[label.component] === component.trackingServer;

/** Every container of a workload, those that run before the others included. */
export function containersOf(resource: { type: string; props: Props }): Part[] {
  const { path, value } = podOf(resource).spec;
  return ["initContainers", "containers"].flatMap((list) =>
    itemsOf(value[list]).map((container, index) => ({
      path: `${path}.${list}[${index}]`,
      value: container,
    })),
  );
}

/** A variable of a container, with the way to it. */
export interface Variable {
  readonly path: string;
  readonly name: string;
  /** Its text where it has one of its own; one from a Secret or a field has none. */
  text(): string | undefined;
}

export const variablesOf = ({ path, value }: Part): Variable[] =>
  ((value["env"] ?? []) as Props[]).map((variable, index) => ({
    path: `${path}.env[${index}]`,
    name: variable["name"] as string,
    text: () => variable["value"] as string | undefined,
  }));

/** The text of a variable, looked for in all containers of a workload. */
export const variableOf = (
  resource: { type: string; props: Props },
  name: string,
): string | undefined =>
  containersOf(resource)
    .flatMap(variablesOf)
    .find((variable) => variable.name === name)
    ?.text();

/** Words of a container's command line with the way to each. */
export const wordsOf = ({ path, value }: Part): { path: string; text: string }[] =>
  ["command", "args"].flatMap((list) =>
    ((value[list] ?? []) as string[]).map((text, index) => ({
      path: `${path}.${list}[${index}]`,
      text,
    })),
  );

/**
 * The value of an option such as `--workers`, looked for in the command lines of all containers.
 */
export function optionOf(
  resource: { type: string; props: Props },
  option: string,
): string | undefined {
  const words = containersOf(resource).flatMap((container) =>
    wordsOf(container).map(({ text }) => text),
  );
  const index = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
  if (index === -1) return undefined;
  const word = words[index]!;
  return word === option ? (words[index + 1] ?? "") : word.slice(option.length + 1);
}
