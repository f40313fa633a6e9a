import { isObject, listOf, textOf, valueAt } from "./values.ts";

// The URLs of an instance and the objects that expose it, from the inputs of its resources.

type Inputs = Record<string, unknown>;
type Of = (...types: string[]) => Inputs[];

const ingressType = "kubernetes:networking.k8s.io/v1:Ingress";
const routeType = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.flatMap((each) => textOf(each) ?? []) : [];

/** Each URL once. */
export function urlsOf(of: Of): string[] {
  const hosts = [
    ...of(ingressType).flatMap((ingress) =>
      listOf(valueAt(ingress, ["spec", "rules"])).flatMap(({ host }) => textOf(host) ?? []),
    ),
    ...of(routeType).flatMap((route) => texts(valueAt(route, ["spec", "hostnames"]))),
  ];
  return [...new Set(hosts)].map((host) => `https://${host}`).sort();
}

/** The IngressClasses and Gateways that expose it, as messages name them. */
export function exposedBy(of: Of): string[] {
  const classes = of(ingressType).flatMap(
    (ingress) => textOf(valueAt(ingress, ["spec", "ingressClassName"])) ?? [],
  );
  // A route at the instance's own listeners names them, and they the Gateway.
  const parents = [
    ...of(routeType).flatMap((route) => listOf(valueAt(route, ["spec", "parentRefs"]))),
    ...of("kubernetes:gateway.networking.k8s.io/v1:ListenerSet").map((set) =>
      valueAt(set, ["spec", "parentRef"]),
    ),
  ].filter(isObject);
  const gateways = parents.flatMap(({ kind, namespace, name }) =>
    kind === "Gateway" ? [`${textOf(namespace) ?? "?"}/${textOf(name) ?? "?"}`] : [],
  );
  return [
    ...classes.map((name) => `the ingress class ${name}`),
    ...[...new Set(gateways)].map((name) => `the Gateway ${name}`),
  ];
}
