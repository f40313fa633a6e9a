import { component, isOfInstance, kubernetesType, label, marksOf } from "./resources.ts";

type Props = Record<string, any>;

/** Types that make pods, with the way to the pod's spec. */
const podTemplates: Record<string, readonly string[]> = {
  [kubernetesType.pod]: [],
  [kubernetesType.deployment]: ["spec", "template"],
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
export function podOf({ type, props }: { type: string; props: Props }): { metadata: Props; spec: Part } {
  const way = podTemplates[type];
  if (way === undefined) throw new Error(`${type} makes no pods`);
  const template = way.reduce<Props>((value, key) => value?.[key] ?? {}, props);
  return { metadata: template["metadata"] ?? {}, spec: { path: [...way, "spec"].join("."), value: template["spec"] ?? {} } };
}

/** The properties with another spec of the pods. */
export function withPodSpec({ type, props }: { type: string; props: Props }, change: (spec: Props) => Props): Props {
  const at = (value: Props, [key, ...rest]: readonly string[]): Props =>
    key === undefined ? change(value) : { ...value, [key]: at(value[key] ?? {}, rest) };
  return at(props, [...(podTemplates[type] ?? []), "spec"]);
}

/** The properties with every container changed. */
export const withContainers = (resource: { type: string; props: Props }, change: (container: Props) => Props): Props =>
  withPodSpec(resource, (spec) => ({
    ...spec,
    ...(spec["initContainers"] === undefined ? {} : { initContainers: (spec["initContainers"] as Props[]).map(change) }),
    containers: ((spec["containers"] ?? []) as Props[]).map(change),
  }));

/** Types that can serve; a tracking server is one that says so by its component label. */
export const serverTypes: readonly string[] = [kubernetesType.deployment, kubernetesType.statefulSet];

export const isTrackingServer = (resource: { type: string; props: Props }): boolean =>
  serverTypes.includes(resource.type) && isOfInstance(resource) && marksOf(resource)[label.component] === component.trackingServer;

/** Every container of a workload, those that run before the others included. */
export function containersOf(resource: { type: string; props: Props }): Part[] {
  const { path, value } = podOf(resource).spec;
  return ["initContainers", "containers"].flatMap((list) =>
    ((value[list] ?? []) as Props[]).map((container, index) => ({ path: `${path}.${list}[${index}]`, value: container })),
  );
}

/** The variables of a container with a plain value; those from a Secret or a field have none. */
export const plainVariables = (container: Props): { name: string; value: string; index: number }[] =>
  ((container["env"] ?? []) as Props[]).flatMap(({ name, value }, index) => (typeof value === "string" ? [{ name, value, index }] : []));

/** The value of one plain variable, looked for in all containers of a workload. */
export const variableOf = (resource: { type: string; props: Props }, name: string): string | undefined =>
  containersOf(resource)
    .flatMap(({ value }) => plainVariables(value))
    .find((variable) => variable.name === name)?.value;
