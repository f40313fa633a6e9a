import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRules } from "../../../../local/networkPolicies/rules.ts";
import { compile } from "./compile.ts";
import { evaluate } from "./evaluate.ts";
import { allowed, podCidr } from "./specification.ts";
import { all, denyAll, namespaces, policy } from "./twoNamespaces.ts";
import { packet, world } from "./worlds.ts";

// The table as a whole: its text, and that it decides as the specification of Kubernetes does.

describe("compile", () => {
  it("writes the whole table of an instance", () => {
    const text = compile(
      [
        denyAll,
        policy("server", {
          podSelector: { matchLabels: { app: "server" } },
          policyTypes: ["Ingress", "Egress"],
          ingress: [
            {
              from: [{ podSelector: { matchLabels: { app: "client" } } }],
              ports: [{ port: "http" }],
            },
          ],
          egress: [
            {
              to: [{ ipBlock: { cidr: "10.98.0.2/32" } }],
              ports: [{ port: 5432 }, { port: 7000, endPort: 7070 }],
            },
            {
              to: [{ ipBlock: { cidr: "10.98.0.0/16", except: ["10.98.1.0/24"] } }],
              ports: [{ protocol: "UDP", port: 53 }, { protocol: "SCTP" }],
            },
          ],
        }),
      ],
      namespaces,
      all,
      { podCidr },
    );
    expect(text).toBe(`table inet mlflow_network_policies {
  chain egress {
  }
  chain ingress {
  }
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
  }
  chain input {
    type filter hook input priority filter; policy accept;
  }
}
flush table inet mlflow_network_policies
table inet mlflow_network_policies {
  chain egress {
    ip saddr != { 10.99.0.10, 10.99.0.9, 10.99.0.11 } drop
    ip saddr { 10.99.0.10 } meta l4proto tcp reject with tcp reset comment "mlflow-a/deny"
    ip saddr { 10.99.0.10 } reject with icmpx admin-prohibited comment "mlflow-a/deny"
    ip saddr { 10.99.0.9 } ip daddr 10.98.0.2/32 tcp dport { 5432, 7000-7070 } return
    ip saddr { 10.99.0.9 } ip daddr 10.98.0.0/16 ip daddr != 10.98.1.0/24 udp dport { 53 } return
    ip saddr { 10.99.0.9 } ip daddr 10.98.0.0/16 ip daddr != 10.98.1.0/24 meta l4proto sctp return
    ip saddr { 10.99.0.9 } meta l4proto tcp reject with tcp reset comment "mlflow-a/deny mlflow-a/server"
    ip saddr { 10.99.0.9 } reject with icmpx admin-prohibited comment "mlflow-a/deny mlflow-a/server"
  }
  chain ingress {
    ip daddr != { 10.99.0.10, 10.99.0.9, 10.99.0.11 } drop
    ip daddr { 10.99.0.10 } meta l4proto tcp reject with tcp reset comment "mlflow-a/deny"
    ip daddr { 10.99.0.10 } reject with icmpx admin-prohibited comment "mlflow-a/deny"
    ip daddr { 10.99.0.9 } ip saddr { 10.99.0.10 } ip daddr . tcp dport { 10.99.0.9 . 5000 } return
    ip daddr { 10.99.0.9 } meta l4proto tcp reject with tcp reset comment "mlflow-a/deny mlflow-a/server"
    ip daddr { 10.99.0.9 } reject with icmpx admin-prohibited comment "mlflow-a/deny mlflow-a/server"
  }
  chain prerouting {
    iifname "lo" accept
    meta nfproto ipv6 drop
    fib saddr . iif oif missing drop
  }
  chain forward {
    ct state established,related accept
    ip saddr . ip daddr { 10.99.0.10 . 10.99.0.10, 10.99.0.9 . 10.99.0.9, 10.99.0.11 . 10.99.0.11 } accept
    ip saddr 10.99.0.0/24 jump egress
    ip daddr 10.99.0.0/24 jump ingress
  }
  chain input {
    iifname "lo" accept
    ct state established,related accept
    ip saddr 10.99.0.0/24 jump egress
  }
}
`);
  });

  it("gives the same text whatever the order of the objects", () => {
    fc.assert(
      fc.property(world(), ({ policies, namespaces, pods }) => {
        const forwards = compile(policies, namespaces, pods, { podCidr });
        expect(
          compile(policies.toReversed(), namespaces.toReversed(), pods.toReversed(), { podCidr }),
        ).toBe(forwards);
      }),
    );
  });

  it("agrees with the specification, packet by packet", () => {
    let open = 0;
    let shut = 0;
    fc.assert(
      fc.property(
        world(["Running", "Running", "Running", "Pending", "Succeeded", "Failed", "host"]),
        fc.array(packet, { minLength: 20, maxLength: 20 }),
        (objects, packets) => {
          const { policies, namespaces, pods } = objects;
          const rules = compileRules(policies, namespaces, pods, { podCidr });
          for (const one of packets) {
            const expected = allowed(objects, one);
            expect(evaluate(rules, one), JSON.stringify(one)).toBe(expected);
            if (expected) open++;
            else shut++;
          }
        },
      ),
      { numRuns: 2000 },
    );
    // A world in which nothing is ever forbidden, or nothing ever allowed, would prove nothing.
    expect(Math.min(open, shut)).toBeGreaterThan(8000);
  });
});
