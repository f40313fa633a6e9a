import { existsSync } from "node:fs";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NetworkPolicy, Pod } from "../../../local/networkPolicies/objects.ts";
import { tableName } from "../../../local/networkPolicies/render.ts";
import { compile } from "../../fast/local/networkPolicies/compile.ts";
import { Lab, labObstacle } from "./lab.ts";
import {
  allowed,
  nodeAddress,
  podCidr,
  type World,
} from "../../fast/local/networkPolicies/specification.ts";
import { podAddresses, world } from "../../fast/local/networkPolicies/worlds.ts";

const outside = "10.98.0.1";
const ports = [5000, 5001, 5002];
const [server = "", client = "", stranger = "", spare = ""] = podAddresses;
const unknownPod = "10.99.0.200";
const service = "10.97.0.10";
const nodeService = "10.97.0.11";
const obstacle = labObstacle();

/**
 * What real packets do in a network namespace of its own. Shown as skipped, with the reason, where
 * such a namespace can't be made.
 */
describe.skipIf(obstacle !== undefined)(
  `nftables in a network namespace${obstacle === undefined ? "" : ` (${obstacle})`}`,
  { timeout: 90_000 },
  () => {
    let lab: Lab;

    beforeAll(async () => {
      lab = new Lab("kernel");
      await lab.start(outside, nodeAddress, ports);
      await Promise.all([...podAddresses, unknownPod].map((address) => lab.addPod(address, ports)));
      // What kube-proxy does with service addresses.
      lab.inNode(
        "nft",
        ["-f", "-"],
        `table ip proxy { chain services { type nat hook prerouting priority dstnat;
        ip daddr ${service} tcp dport 80 dnat to ${server}:5000
        ip daddr ${nodeService} tcp dport 443 dnat to ${nodeAddress}:5001
      }
      }`,
      );
    });
    afterAll(() => lab?.remove());

    const pod = (name: string, podIP: string): Pod => ({
      metadata: { namespace: name === "stranger" ? "b" : "a", name, labels: { app: name } },
      spec: { containers: [{ ports: [{ name: "http", containerPort: 5000 }] }] },
      status: { phase: "Running", podIP },
    });
    const pods = [
      pod("server", server),
      pod("client", client),
      pod("stranger", stranger),
      pod("spare", spare),
    ];
    const namespaces = ["a", "b"].map((name) => ({ metadata: { name, labels: { name } } }));
    const policy = (name: string, spec: NonNullable<NetworkPolicy["spec"]>): NetworkPolicy => ({
      metadata: { namespace: "a", name },
      spec,
    });
    const denyAll = policy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const apply = (policies: NetworkPolicy[], known = pods): void =>
      write({ policies, namespaces, pods: known });
    const write = (objects: World): void => {
      lab.inNode(
        "nft",
        ["-f", "-"],
        compile(objects.policies, objects.namespaces, objects.pods, { podCidr }),
      );
    };
    const clientToServer = [
      policy("server", {
        podSelector: { matchLabels: { app: "server" } },
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { app: "client" } } }],
            ports: [{ port: "http" }],
          },
        ],
      }),
      policy("client", {
        podSelector: { matchLabels: { app: "client" } },
        policyTypes: ["Egress"],
        egress: [
          { to: [{ podSelector: { matchLabels: { app: "server" } } }] },
          { to: [{ ipBlock: { cidr: `${nodeAddress}/32` } }], ports: [{ port: 5001 }] },
        ],
      }),
    ];

    beforeEach(() => apply([denyAll]));

    it("without a policy connects everybody", async () => {
      apply([]);
      expect(await lab.attempt(client, server, 5000)).toBe("open");
      expect(await lab.attempt(client, server, 5000, "UDP")).toBe("open");
      expect(await lab.attempt(outside, server, 5000)).toBe("open");
      expect(await lab.attempt(server, outside, 5000)).toBe("open");
      expect(await lab.attempt(client, nodeAddress, 5001)).toBe("open");
      expect(await lab.attempt(client, service, 80)).toBe("open");
    });

    it("denies at once what a default-deny policy forbids: to pods, from pods, to the node, from outside", async () => {
      expect(await lab.attempt(client, server, 5000)).toBe("refused");
      expect(await lab.attempt(stranger, server, 5000)).toBe("refused");
      expect(await lab.attempt(server, stranger, 5000)).toBe("refused");
      expect(await lab.attempt(server, nodeAddress, 5001)).toBe("refused");
      expect(await lab.attempt(server, nodeAddress, 5001, "UDP")).toBe("rejected");
      expect(await lab.attempt(server, outside, 5000)).toBe("refused");
      expect(await lab.attempt(outside, server, 5000)).toBe("refused");
    });

    it("lets the node reach its pods, the pods answer, and a pod reach itself", async () => {
      expect(await lab.attempt(nodeAddress, server, 5000)).toBe("open");
      expect(await lab.attempt(server, server, 5000)).toBe("open");
      expect(await lab.attempt(server, service, 80)).not.toBe("refused");
    });

    it("opens what policies allow, and no more: other ports, other pods, other protocols stay shut", async () => {
      apply([denyAll, ...clientToServer]);
      expect(await lab.attempt(client, server, 5000)).toBe("open");
      expect(await lab.attempt(client, server, 5001)).toBe("refused");
      expect(await lab.attempt(client, server, 5000, "UDP")).toBe("rejected");
      expect(await lab.attempt(server, client, 5000)).toBe("refused");
      expect(await lab.attempt(stranger, server, 5000)).toBe("refused");
      expect(await lab.attempt(client, nodeAddress, 5001)).toBe("open");
      expect(await lab.attempt(client, nodeAddress, 5000)).toBe("refused");
    });

    it("judges a service by what is behind it", async () => {
      apply([denyAll, ...clientToServer]);
      expect(await lab.attempt(client, service, 80)).toBe("open");
      expect(await lab.attempt(stranger, service, 80)).toBe("refused");
      expect(await lab.attempt(client, nodeService, 443)).toBe("open");
      expect(await lab.attempt(server, nodeService, 443)).toBe("refused");
    });

    it("gives nothing to an address of the pod range that is not known, nor from it", async () => {
      apply([]);
      expect(await lab.attempt(unknownPod, server, 5000)).toBe("silent");
      expect(await lab.attempt(unknownPod, nodeAddress, 5000)).toBe("silent");
      expect(await lab.attempt(client, unknownPod, 5000)).toBe("silent");
      apply([], [...pods, pod("late", unknownPod)]);
      expect(await lab.attempt(unknownPod, server, 5000)).toBe("open");
    });

    it("does not believe a borrowed source address", async () => {
      apply([denyAll, ...clientToServer]);
      // The stranger takes the client's address, which may reach the server, and sends under it;
      // the counter sees what comes through.
      lab.inNode(
        "nft",
        ["-f", "-"],
        `flush chain inet other count\nadd rule inet other count ip saddr ${client} ip daddr ${server} counter`,
      );
      const seen = (): number =>
        Number(
          /packets (\d+)/.exec(lab.inNode("nft", ["list", "chain", "inet", "other", "count"]))?.[1],
        );
      lab.inPod(stranger, "ip", ["address", "add", `${client}/32`, "dev", "eth0"]);
      const send =
        "require('net').connect({host:process.argv[1],port:5000,localAddress:process.argv[2]}).on('error',()=>0);setTimeout(()=>process.exit(),200)";
      try {
        lab.inPod(stranger, process.execPath, ["-e", send, server, client]);
        expect(seen()).toBe(0);
      } finally {
        lab.inPod(stranger, "ip", ["address", "delete", `${client}/32`, "dev", "eth0"]);
      }
      expect(await lab.attempt(client, server, 5000)).toBe("open");
      expect(seen()).toBeGreaterThan(0);
    });

    it.skipIf(!existsSync("/proc/net/if_inet6"))(
      "leaves no way over IPv6, which the node's services may listen on",
      async () => {
        const listener = lab.spawnInNode(process.execPath, [
          "-e",
          "require('net').createServer((s)=>s.end()).listen(6000,'::')",
        ]);
        const address = /(fe80[^/ ]+)/.exec(
          lab.inNode("ip", [
            "-6",
            "-o",
            "address",
            "show",
            "dev",
            `veth${server.split(".").at(-1)}`,
          ]),
        )?.[1];
        const connect =
          "require('net').connect(6000,process.argv[1]).on('connect',()=>{console.log('open');process.exit()}).on('error',()=>process.exit());setTimeout(process.exit,700)";
        const opens = (): boolean =>
          lab.inPod(server, process.execPath, ["-e", connect, `${address}%eth0`]).includes("open");
        try {
          lab.inNode("nft", ["delete", "table", "inet", tableName]);
          // Without the table there is a way, as soon as the listener is up.
          await expect.poll(opens, { timeout: 20_000 }).toBe(true);
          apply([]);
          expect(opens()).toBe(false);
        } finally {
          listener.kill();
        }
      },
    );

    it("replaces a table without letting anything through in between", async () => {
      const texts = ["one", "other"].map((name) =>
        compile(
          [denyAll, policy(name, { podSelector: { matchLabels: { app: name } } })],
          namespaces,
          pods,
          { podCidr },
        ),
      );
      let replacing = true;
      const replaced = lab.replaceTables(texts, 40).finally(() => (replacing = false));
      const results = new Set<string>();
      let knocks = 0;
      for (; replacing; knocks++) results.add(await lab.attempt(client, server, 5000));
      await replaced;
      expect(knocks).toBeGreaterThan(100);
      expect([...results]).toEqual(["refused"]);
    });

    it("agrees with the specification on worlds of all kinds", async () => {
      const addresses = [...podAddresses, outside];
      let open = 0;
      let shut = 0;
      await fc.assert(
        fc.asyncProperty(world(), async (objects) => {
          write(objects);
          const tries = addresses.flatMap((from) =>
            [...addresses, nodeAddress].flatMap((to) =>
              from === to
                ? []
                : [
                    ...ports.map((port) => ({ from, to, port, protocol: "TCP" as const })),
                    { from, to, port: 5000, protocol: "UDP" as const },
                  ],
            ),
          );
          await Promise.all(
            tries.map(async (packet) => {
              const expected = allowed(objects, packet)
                ? "open"
                : packet.protocol === "TCP"
                  ? "refused"
                  : "rejected";
              expect(
                await lab.attempt(packet.from, packet.to, packet.port, packet.protocol),
                JSON.stringify(packet),
              ).toBe(expected);
              if (expected === "open") open++;
              else shut++;
            }),
          );
        }),
        { numRuns: 40, endOnFailure: true },
      );
      expect(Math.min(open, shut)).toBeGreaterThan(400);
    });
  },
);
