import { describe, expect, test } from "vitest";
import {
  networkPolicies,
  objectStorePort,
  type NetworkFacts,
} from "../../../components/internal/networkPolicies.ts";

const facts: NetworkFacts = {
  instanceName: "fraud",
  network: {
    databaseCidrs: ["10.0.0.5/32"],
    objectStoreCidrs: ["10.0.0.6/32", "10.0.0.7/32"],
    ingressNamespace: "ingress",
  },
  database: { port: 6432 },
  objectStoreEndpoint: "https://s3.example.com:7070",
  podIdentity: undefined,
  issuers: [],
  monitoring: undefined,
  finalDump: false,
};
const policy = (noun: string, changes: Partial<NetworkFacts> = {}) => {
  const found = networkPolicies({ ...facts, ...changes }).filter((entry) => entry.noun === noun);
  expect(found.length).toBe(1);
  return found[0]!.spec;
};

const dns = {
  to: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};
const database = {
  to: [{ ipBlock: { cidr: "10.0.0.5/32" } }],
  ports: [{ protocol: "TCP", port: 6432 }],
};
const objectStore = {
  to: [{ ipBlock: { cidr: "10.0.0.6/32" } }, { ipBlock: { cidr: "10.0.0.7/32" } }],
  ports: [{ protocol: "TCP", port: 7070 }],
};

describe("network policies", () => {
  test("are four, and the first denies everything to every pod", () => {
    expect(networkPolicies(facts).map(({ objectName }) => objectName)).toEqual([
      "default-deny",
      "tracking-server",
      "migration",
      "maintenance",
    ]);
    expect(policy("defaultDeny")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  test("let the final dump, when there is one, call DNS, database and object store, and nobody call it", () => {
    expect(policy("finalDumpPolicy", { finalDump: true })).toEqual({
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/name": "mlflow",
          "app.kubernetes.io/instance": "fraud",
          "app.kubernetes.io/component": "final-dump",
        },
      },
      policyTypes: ["Ingress", "Egress"],
      egress: [dns, database, objectStore],
    });
  });

  test("let the server be called by the ingress controller, and call DNS, database and object store", () => {
    expect(policy("serverPolicy")).toEqual({
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/name": "mlflow",
          "app.kubernetes.io/instance": "fraud",
          "app.kubernetes.io/component": "tracking-server",
        },
      },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [
            { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } },
          ],
          ports: [{ protocol: "TCP", port: 5000 }],
        },
      ],
      egress: [dns, database, objectStore],
    });
  });

  test("let the migration call DNS and database only, and nobody call it", () => {
    expect(policy("migrationPolicy")).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      egress: [dns, database],
    });
    expect(policy("migrationPolicy")).not.toHaveProperty("ingress");
  });

  test("let the pods of both maintenance jobs, and no others, call DNS, database and object store, and nobody call them", () => {
    expect(policy("maintenancePolicy")).toEqual({
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": "mlflow", "app.kubernetes.io/instance": "fraud" },
        matchExpressions: [
          {
            key: "app.kubernetes.io/component",
            operator: "In",
            values: ["retention", "stale-runs"],
          },
        ],
      },
      policyTypes: ["Ingress", "Egress"],
      egress: [dns, database, objectStore],
    });
  });

  test("take controllers and DNS servers outside the pod network by their addresses", () => {
    const network = {
      ...facts.network,
      ingressCidrs: ["10.1.0.1/32"],
      dnsCidrs: ["169.254.20.10/32"],
      dnsNamespace: "dns",
    };
    delete (network as Partial<typeof network>).ingressNamespace;
    const spec = policy("serverPolicy", { network });
    expect(spec).toMatchObject({
      ingress: [{ from: [{ ipBlock: { cidr: "10.1.0.1/32" } }] }],
      egress: [
        {
          to: [
            { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "dns" } } },
            { ipBlock: { cidr: "169.254.20.10/32" } },
          ],
        },
        {},
        {},
      ],
    });
  });

  describe("on AWS", () => {
    const network = {
      databaseCidrs: ["10.0.0.0/16"],
      endpointCidrs: ["10.0.0.0/16"],
      ingressCidrs: ["10.0.0.0/16"],
    };
    const aws = (changes: Partial<NetworkFacts> = {}) =>
      policy("serverPolicy", {
        network,
        objectStoreEndpoint: undefined,
        podIdentity: "irsa",
        ...changes,
      }).egress!;
    const outside = [
      {
        ipBlock: {
          cidr: "0.0.0.0/0",
          except: [
            "10.0.0.0/8",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
          ],
        },
      },
      { ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] } },
    ];
    const https = [{ protocol: "TCP", port: 443 }];
    const store = { to: [...outside, { ipBlock: { cidr: "10.0.0.0/16" } }], ports: https };

    test("open HTTPS to the public addresses and the VPC's endpoints, and the database in the VPC", () => {
      expect(aws()).toEqual([
        dns,
        { to: [{ ipBlock: { cidr: "10.0.0.0/16" } }], ports: [{ protocol: "TCP", port: 6432 }] },
        store,
      ]);
    });

    test("open the agent's address on the node for EKS Pod Identity, and nothing else that is link-local", () => {
      const rules = aws({ podIdentity: "podIdentity" }) as unknown[];
      expect(rules.slice(2)).toEqual([
        store,
        {
          to: [
            { ipBlock: { cidr: "169.254.170.23/32" } },
            { ipBlock: { cidr: "fd00:ec2::23/128" } },
          ],
          ports: [{ protocol: "TCP", port: 80 }],
        },
      ]);
      expect(JSON.stringify(rules)).not.toContain("169.254.169.254");
    });

    test("keep to the ranges that are given, and have no rule without peers", () => {
      const given = {
        databaseCidrs: ["10.0.0.0/16"],
        objectStoreCidrs: ["10.0.7.0/24"],
        ingressCidrs: ["10.0.0.0/16"],
      };
      expect((aws({ network: given }) as unknown[]).slice(2)).toEqual([
        { to: [{ ipBlock: { cidr: "10.0.7.0/24" } }], ports: https },
      ]);
      const elsewhere = { ...given, objectStorePort: 9000, endpointCidrs: ["10.0.8.0/24"] };
      expect((aws({ network: elsewhere }) as unknown[]).slice(2)).toEqual([
        { to: [{ ipBlock: { cidr: "10.0.7.0/24" } }], ports: [{ protocol: "TCP", port: 9000 }] },
        { to: [{ ipBlock: { cidr: "10.0.8.0/24" } }], ports: https },
      ]);
    });

    test("give the migration no way to the store: it needs none", () => {
      const migration = policy("migrationPolicy", {
        network,
        objectStoreEndpoint: undefined,
        podIdentity: "podIdentity",
      });
      expect((migration.egress as unknown[]).length).toBe(2);
    });
  });

  test("never leave a list of peers empty, which would mean everywhere", () => {
    for (const { spec } of networkPolicies(facts)) {
      const rules = [
        ...((spec.egress ?? []) as { to: unknown[] }[]).map(({ to }) => to),
        ...((spec.ingress ?? []) as { from: unknown[] }[]).map(({ from }) => from),
      ];
      for (const peers of rules) expect(peers.length).toBeGreaterThan(0);
    }
  });
});

test.each([
  ["https://s3.example.com:7070", 7070],
  ["https://s3.example.com", 443],
  ["http://s3.example.com", 80],
  [undefined, 443],
])("the object store at %s answers on port %d", (endpoint, port) => {
  expect(objectStorePort(facts.network, endpoint)).toBe(port);
  expect(objectStorePort({ ...facts.network, objectStorePort: 9000 }, endpoint)).toBe(9000);
});
