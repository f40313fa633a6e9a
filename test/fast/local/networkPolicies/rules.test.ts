import { describe, expect, it } from "vitest";
import { dnsPod, type NetworkPolicy, type Pod } from "../../../../local/networkPolicies/objects.ts";
import { compileRules } from "../../../../local/networkPolicies/rules.ts";
import { evaluate } from "./evaluate.ts";
import { nodeAddress, podCidr, type Packet } from "./specification.ts";
import { all, denyAll, namespaces, pod, policy, server, stranger } from "./twoNamespaces.ts";

// Single cases of what the rules let through: isolation, addresses and ports.

const passes = (
  policies: NetworkPolicy[],
  from: string,
  to: string,
  port = 5000,
  protocol: Packet["protocol"] = "TCP",
  pods: Pod[] = all,
): boolean => {
  const structure = compileRules(policies, namespaces, pods, { podCidr });
  return evaluate(structure, { from, to, port, protocol });
};

describe("isolation", () => {
  it("leaves pods open that no policy selects", () => {
    expect(passes([denyAll], stranger.status!.podIP!, "10.98.0.2")).toBe(true);
    expect(passes([], "10.99.0.10", "10.99.0.9")).toBe(true);
  });

  it("is per direction", () => {
    const egressOnly = policy("egress", { podSelector: {}, policyTypes: ["Egress"] });
    expect(passes([egressOnly], "10.99.0.11", "10.99.0.9")).toBe(true);
    expect(passes([egressOnly], "10.99.0.9", "10.99.0.11")).toBe(false);
  });

  it("never keeps a pod from itself nor the node from its pods", () => {
    expect(passes([denyAll], "10.99.0.9", "10.99.0.9")).toBe(true);
    expect(passes([denyAll], "10.98.0.2", "10.99.0.9")).toBe(true);
  });

  it("holds for services of the node", () => {
    expect(passes([denyAll], "10.99.0.9", "10.98.0.2", 5432)).toBe(false);
  });

  it("cuts off every address of the pod range that no running pod has", () => {
    const ended = pod("mlflow-a", "ended", "10.99.0.20", {
      status: { phase: "Succeeded", podIP: "10.99.0.20" },
    });
    for (const address of ["10.99.0.20", "10.99.0.77"]) {
      expect(passes([], address, "10.99.0.9", 5000, "TCP", [...all, ended])).toBe(false);
      expect(passes([], "10.99.0.9", address, 5000, "TCP", [...all, ended])).toBe(false);
    }
  });

  it("lets policies name the DNS server of the node like a pod, and isolates it never", () => {
    const system = {
      metadata: { name: "kube-system", labels: { "kubernetes.io/metadata.name": "kube-system" } },
    };
    const openDns = policy("dns", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: system.metadata.labels },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
          ],
          ports: [{ protocol: "UDP", port: 53 }, { port: "dns-tcp" }],
        },
      ],
    });
    const rules = compileRules(
      [denyAll, openDns, policy("deny", { podSelector: {} }, "kube-system")],
      [...namespaces, system],
      [server],
      {
        podCidr,
        nodePods: [dnsPod("10.98.0.53")],
      },
    );
    expect(rules.known).toEqual(["10.99.0.9"]);
    const tries = (["UDP", "TCP"] as const).flatMap((protocol) =>
      [53, 80].map((port) =>
        evaluate(rules, { from: "10.99.0.9", to: "10.98.0.53", port, protocol }),
      ),
    );
    expect(tries).toEqual([true, false, true, false]);
    expect(evaluate(rules, { from: "10.99.0.9", to: nodeAddress, port: 53, protocol: "UDP" })).toBe(
      false,
    );
  });

  it("ignores pods on the node's network", () => {
    const host = pod("mlflow-a", "client", "10.98.0.2", { spec: { hostNetwork: true } });
    const rules = compileRules([denyAll], namespaces, [host], { podCidr });
    expect(rules).toEqual({ podCidr, known: [], groups: [] });
  });
});

describe("addresses", () => {
  const options = { podCidr, addresses: new Map([["mlflow-a/new", "10.99.0.9"]]) };
  const fresh = pod("mlflow-a", "new", "", { status: { phase: "Pending" } });

  it("takes the network plugin's word before the API server knows", () => {
    expect(compileRules([denyAll], namespaces, [fresh], options).groups[0]?.addresses).toEqual([
      "10.99.0.9",
    ]);
  });

  it("gives an address to the pod that got it last, not to the one whose status still names it", () => {
    const rules = compileRules(
      [policy("of-b", { podSelector: {} }, "mlflow-b")],
      namespaces,
      [fresh, pod("mlflow-b", "old", "10.99.0.9")],
      options,
    );
    expect(rules).toEqual({ podCidr, known: ["10.99.0.9"], groups: [] });
  });

  it("gives an address that two statuses name to nobody", () => {
    expect(
      compileRules([], namespaces, [server, pod("mlflow-b", "old", "10.99.0.9")], { podCidr })
        .known,
    ).toEqual([]);
  });

  it("knows only addresses of the pod range", () => {
    expect(
      compileRules(
        [],
        namespaces,
        [pod("mlflow-b", "odd", "10.98.0.1"), pod("mlflow-b", "six", "2001:db8::1")],
        { podCidr },
      ).known,
    ).toEqual([]);
  });
});

describe("ports", () => {
  it("resolves a name on the destination: containers and sidecars, by protocol", () => {
    const odd = pod("mlflow-a", "odd", "10.99.0.12", {
      spec: {
        containers: [
          {
            ports: [
              { name: "http", containerPort: 8080 },
              { name: "dns", containerPort: 53, protocol: "UDP" },
            ],
          },
        ],
        initContainers: [
          { restartPolicy: "Always", ports: [{ name: "http", containerPort: 8081 }] },
          { ports: [{ name: "http", containerPort: 8082 }] },
        ],
      },
    });
    const policies = [
      policy("named", {
        podSelector: {},
        ingress: [{ ports: [{ port: "http" }, { port: "dns" }] }],
      }),
    ];
    const open = [5000, 8080, 8081, 8082, 53].filter((port) =>
      passes(policies, "10.99.0.11", "10.99.0.12", port, "TCP", [...all, odd]),
    );
    expect(open).toEqual([8080, 8081]);
    expect(passes(policies, "10.99.0.11", "10.99.0.12", 53, "UDP", [...all, odd])).toBe(false);
  });

  it("lets a named port of an egress rule through to the pods that have it", () => {
    const policies = [
      policy("named", {
        podSelector: { matchLabels: { app: "client" } },
        policyTypes: ["Egress"],
        egress: [{ ports: [{ port: "http" }] }],
      }),
    ];
    expect([5000, 5001].map((port) => passes(policies, "10.99.0.10", "10.99.0.9", port))).toEqual([
      true,
      false,
    ]);
    expect(passes(policies, "10.99.0.10", "10.98.0.2", 5000)).toBe(false);
  });
});
