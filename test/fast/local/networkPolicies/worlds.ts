import * as fc from "fast-check";
import type {
  LabelSelector,
  Namespace,
  NetworkPolicy,
  Pod,
  PolicyPeer,
  PolicyPort,
} from "../../../../local/networkPolicies/objects.ts";
import type { Packet, World } from "./specification.ts";

/** Few names and few values, so that selectors often hit. */
const namespaceNames = ["a", "b", "c"];
const labels = fc.dictionary(fc.constantFrom("team", "env"), fc.constantFrom("x", "y"), {
  maxKeys: 2,
});
const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom("team", "env"),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.uniqueArray(fc.constantFrom("x", "y"), { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom("team", "env"),
    operator: fc.constantFrom("Exists", "DoesNotExist"),
  }),
);
const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record({
      matchLabels: fc.dictionary(fc.constantFrom("team", "env"), fc.constantFrom("x", "y"), {
        maxKeys: 1,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ matchExpressions: fc.array(expression, { maxLength: 2 }) }) },
);
const block = fc.constantFrom(
  "0.0.0.0/0",
  "10.99.0.0/24",
  "10.99.0.8/29",
  "10.99.0.11/32",
  "10.98.0.0/16",
  "10.98.0.2/32",
  "2001:db8::/32",
  "10.99.0.9/28",
);
const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({
    ipBlock: fc.record({
      cidr: block,
      except: fc.array(
        block.filter((cidr) => !cidr.includes(":")),
        { maxLength: 2 },
      ),
    }),
  }),
);
const port: fc.Arbitrary<PolicyPort> = fc.oneof(
  fc.record({ protocol: fc.constantFrom("TCP", "UDP", "SCTP") }),
  fc.record({ port: fc.constantFrom(5000, 5001, 5002) }),
  fc.record({
    protocol: fc.constantFrom("TCP", "UDP"),
    port: fc.constantFrom(5000, 5001),
    endPort: fc.constantFrom(5001, 5002),
  }),
  fc.record({ protocol: fc.constantFrom("TCP", "UDP"), port: fc.constantFrom("http", "metrics") }),
);
const peers = fc.option(fc.array(peer, { maxLength: 3 }), { nil: undefined });
const ports = fc.option(fc.array(port, { maxLength: 3 }), { nil: undefined });
const optional = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const policy = (index: number): fc.Arbitrary<NetworkPolicy> =>
  fc
    .record({
      namespace: fc.constantFrom(...namespaceNames),
      podSelector: selector,
      policyTypes: fc.constantFrom(undefined, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"]),
      ingress: fc.option(fc.array(fc.record({ from: peers, ports }), { maxLength: 2 }), {
        nil: undefined,
      }),
      egress: fc.option(fc.array(fc.record({ to: peers, ports }), { maxLength: 2 }), {
        nil: undefined,
      }),
    })
    .map(
      ({ namespace, ...spec }) =>
        optional({ metadata: { namespace, name: `policy-${index}` }, spec }) as NetworkPolicy,
    );

export const podAddresses = ["10.99.0.9", "10.99.0.10", "10.99.0.11", "10.99.0.12"];

const pod = (index: number, phases: readonly string[]): fc.Arbitrary<Pod> =>
  fc
    .record({
      namespace: fc.constantFrom(...namespaceNames),
      labels,
      http: fc.constantFrom(5000, 5001),
      protocol: fc.constantFrom("TCP", "UDP"),
      phase: fc.constantFrom(...phases),
    })
    .map(({ namespace, labels, http, protocol, phase }) => ({
      metadata: { namespace, name: `pod-${index}`, labels },
      spec: {
        hostNetwork: phase === "host",
        containers: [
          {
            ports: [
              { name: "http", containerPort: http },
              { name: "metrics", containerPort: 5002, protocol },
            ],
          },
        ],
      },
      status: {
        phase: phase === "host" ? "Running" : phase,
        podIP: phase === "host" ? "10.98.0.2" : (podAddresses[index] ?? ""),
      },
    }));

/** `phases`: what a pod may be besides running; `host` is a pod on the node's own network. */
export const world = (phases: readonly string[] = ["Running"]): fc.Arbitrary<World> =>
  fc.record({
    policies: fc
      .tuple(...[0, 1, 2, 3].map((index) => fc.option(policy(index), { nil: undefined })))
      .map((all) => all.filter((one) => one !== undefined)),
    namespaces: fc.tuple(
      ...namespaceNames.map((name) =>
        labels.map((own): Namespace => ({ metadata: { name, labels: own } })),
      ),
    ),
    pods: fc.tuple(...podAddresses.map((_, index) => pod(index, phases))),
  });

const address = fc.constantFrom(...podAddresses, "10.99.0.200", "10.98.0.1", "10.98.0.2");
export const packet: fc.Arbitrary<Packet> = fc.record({
  from: address,
  to: address,
  protocol: fc.constantFrom("TCP", "UDP", "SCTP", "icmp"),
  port: fc.constantFrom(5000, 5001, 5002),
});
