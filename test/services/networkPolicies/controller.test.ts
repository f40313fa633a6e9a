import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networkPolicyController } from "../../../local/networkPolicies/index.ts";
import type { NetworkPolicy, Pod } from "../../../local/networkPolicies/objects.ts";
import { Lab, labObstacle } from "./lab.ts";
import { nodeAddress, podCidr } from "../../fast/local/networkPolicies/specification.ts";
import { podAddresses } from "../../fast/local/networkPolicies/worlds.ts";

const [server = "", client = "", late = ""] = podAddresses;
const paths = {
  policy: "/apis/networking.k8s.io/v1/networkpolicies",
  namespace: "/api/v1/namespaces",
  pod: "/api/v1/pods",
};
const obstacle = labObstacle();

/**
 * The real controller and the real network plugin, in a namespace with real packets; only the API
 * server is a stand-in. One story in order.
 */
describe.skipIf(obstacle !== undefined)(
  `the controller${obstacle === undefined ? "" : ` (${obstacle})`}`,
  { timeout: 90_000 },
  () => {
    const lab = new Lab("controller");
    let folder: string;
    let api: ChildProcess | undefined;
    let controller: ChildProcess | undefined;

    const options = () => ({
      kubeconfig: join(folder, "kubeconfig"),
      podCidr,
      dnsIp: "10.98.0.53",
      runFolder: folder,
    });
    const inNode = (
      program: string,
      args: readonly string[],
      env: NodeJS.ProcessEnv = {},
    ): ChildProcess =>
      spawn("ip", ["netns", "exec", lab.node, program, ...args], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...env },
      });
    const status = () => networkPolicyController.status(options());
    const tell = (line: object): void => void api?.stdin?.write(`${JSON.stringify(line)}\n`);
    const event = (kind: keyof typeof paths, object: object, type = "ADDED"): void =>
      tell({ path: paths[kind], type, object });

    async function startApi(): Promise<void> {
      api = inNode(process.execPath, [
        join(import.meta.dirname, "clusterStandIn.ts"),
        nodeAddress,
        "6443",
        join(folder, "server.pem"),
      ]);
      await new Promise((resolve) => api?.stdout?.once("data", resolve));
    }

    function startController(): void {
      const [program = "", ...args] = networkPolicyController.command(options());
      controller = inNode(program, args);
      controller.stdout?.resume();
    }

    async function end(
      child: ChildProcess | undefined,
      signal: NodeJS.Signals = "SIGTERM",
    ): Promise<void> {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await ended;
    }

    /** The plugin as containerd calls it. */
    async function plugin(
      command: string,
      pod = "late",
      address = late,
    ): Promise<{ code: number | null; output: Record<string, unknown> | undefined }> {
      const child = inNode(join(folder, "mlflow-network-policies"), [], {
        CNI_COMMAND: command,
        CNI_CONTAINERID: "c1",
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=a;K8S_POD_NAME=${pod}`,
      });
      const input = {
        cniVersion: "1.0.0",
        name: "pods",
        ...networkPolicyController.cniPlugin(options()),
        prevResult: { cniVersion: "1.0.0", ips: [{ address: `${address}/24` }] },
      };
      let text = "";
      child.stdout?.setEncoding("utf8").on("data", (part: string) => (text += part));
      child.stdin?.on("error", () => undefined).end(JSON.stringify(input));
      const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
      return {
        code,
        output: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>),
      };
    }

    const pod = (name: string, podIP?: string): Pod => ({
      metadata: { namespace: "a", name, labels: { app: name } },
      spec: { containers: [] },
      status: podIP === undefined ? { phase: "Pending" } : { phase: "Running", podIP },
    });
    const policy = (name: string, spec: NonNullable<NetworkPolicy["spec"]>): NetworkPolicy => ({
      metadata: { namespace: "a", name },
      spec,
    });
    const openServer = policy("open", {
      podSelector: { matchLabels: { app: "server" } },
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: "client" } } },
            { podSelector: { matchLabels: { app: "late" } } },
          ],
        },
      ],
    });

    const connects = (from: string, to: string) => lab.attempt(from, to, 5000);
    /** How long it takes until a connection is as it should be. */
    async function until(from: string, to: string, result: string): Promise<number> {
      const start = Date.now();
      while ((await connects(from, to)) !== result) {
        if (Date.now() - start > 20_000) throw new Error(`${from} to ${to} is never ${result}`);
        await sleep(5);
      }
      return Date.now() - start;
    }
    async function untilHealthy(): Promise<void> {
      for (const start = Date.now(); !(await status()).healthy; await sleep(20)) {
        if (Date.now() - start > 20_000) throw new Error((await status()).detail);
      }
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "network-policies-"));
      const { key, certificate } = await selfSigned();
      await writeFile(join(folder, "server.pem"), key + certificate, { mode: 0o600 });
      const cluster = {
        server: `https://${nodeAddress}:6443`,
        "certificate-authority-data": Buffer.from(certificate).toString("base64"),
      };
      const names = { name: "it", context: { cluster: "it", user: "it" } };
      const kubeconfig = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "it", cluster }],
        users: [{ name: "it", user: {} }],
        contexts: [names],
        "current-context": "it",
      };
      await writeFile(options().kubeconfig, JSON.stringify(kubeconfig), { mode: 0o600 });
      await networkPolicyController.installCniPlugin(folder);
      await lab.start("10.98.0.1", nodeAddress, [5000]);
      await Promise.all([server, client, late].map((address) => lab.addPod(address, [5000])));
    });
    afterAll(async () => {
      await end(controller);
      await end(api);
      lab.remove();
      await rm(folder, { recursive: true, force: true });
    });

    it("lets no pod start, and says why, when it does not run", async () => {
      const { code, output } = await plugin("ADD");
      expect(code).toBe(1);
      expect(output).toMatchObject({
        cniVersion: "1.0.0",
        code: 11,
        msg: expect.stringContaining("network policies: connect") as string,
      });
      expect(await plugin("DEL")).toEqual({ code: 0, output: undefined });
      expect((await plugin("VERSION")).output).toMatchObject({
        supportedVersions: expect.arrayContaining(["1.0.0"]) as string[],
      });
      expect(await status()).toMatchObject({
        healthy: false,
        detail: expect.stringContaining("does not answer") as string,
      });
    });

    it("cuts off all pods until it has seen the cluster", async () => {
      expect(await connects(client, server)).toBe("open");
      startController();
      await until(client, server, "silent");
      expect(await status()).toEqual({ healthy: false, detail: "waits for the API server" });
    });

    it("enforces what is there when the API server comes", async () => {
      await startApi();
      event("namespace", { metadata: { name: "a" } });
      event("pod", pod("server", server));
      event("pod", pod("client", client));
      event("policy", policy("deny", { podSelector: {}, policyTypes: ["Ingress"] }));
      await untilHealthy();
      await until(client, server, "refused");
      expect((await status()).detail).toContain("1 policies, 2 of 2 pods isolated, 1 rules");
    });

    it("follows a change within a fraction of a second", async () => {
      event("policy", openServer);
      const opened = await until(client, server, "open");
      event("policy", openServer, "DELETED");
      const shut = await until(client, server, "refused");
      // About 70 ms on an idle machine; the bound leaves room for a busy one.
      expect(Math.max(opened, shut)).toBeLessThan(2000);
      event("policy", openServer);
      await until(client, server, "open");
    });

    it("holds a pod's start until its rules are in the kernel, though the API server knows no address yet", async () => {
      let started = false;
      const adding = plugin("ADD").finally(() => (started = true));
      await sleep(1000);
      expect(started).toBe(false);
      expect(await connects(late, server)).toBe("silent");
      event("pod", pod("late"));
      expect(await adding).toEqual({
        code: 0,
        output: { cniVersion: "1.0.0", ips: [{ address: `${late}/24` }] },
      });
      expect(await connects(late, server)).toBe("open");
      expect(await connects(server, late)).toBe("refused");
    });

    it("takes up a lost watch and sees what it has missed", async () => {
      // Cut first: the events come while nobody watches, and the old versions are gone.
      tell({ cut: true });
      event("policy", openServer, "DELETED");
      await until(client, server, "refused");
      await untilHealthy();
      event("policy", openServer);
      await until(client, server, "open");
    });

    it("keeps its rules and says so when the API server is away, and goes on when it is back", async () => {
      await end(api, "SIGKILL");
      for (const start = Date.now(); (await status()).healthy && Date.now() - start < 10_000;)
        await sleep(50);
      expect(await status()).toMatchObject({
        healthy: false,
        detail: expect.stringContaining("/api") as string,
      });
      expect(await connects(client, server)).toBe("open");
      expect(await connects(server, client)).toBe("refused");
      await startApi();
      for (const one of [pod("server", server), pod("client", client)]) event("pod", one);
      event("namespace", { metadata: { name: "a" } });
      await untilHealthy();
      // The new server knows no policies.
      await until(server, client, "open");
    });

    it("leaves its rules when it is killed, and takes them over when it starts again", async () => {
      event("policy", policy("deny", { podSelector: {}, policyTypes: ["Ingress"] }));
      await until(client, server, "refused");
      await end(controller, "SIGKILL");
      expect(await connects(client, server)).toBe("refused");
      expect((await status()).detail).toContain("its last rules stay");
      startController();
      await untilHealthy();
      expect(await connects(client, server)).toBe("refused");
      await end(controller, "SIGTERM");
      expect(await connects(client, server)).toBe("refused");
    });
  },
);

async function selfSigned(): Promise<{ key: string; certificate: string }> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=stand-in",
      keys: keys as CryptoKeyPair,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: "ip", value: nodeAddress }]),
        new x509.BasicConstraintsExtension(true),
      ],
    },
    webcrypto as Crypto,
  );
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey("pkcs8", keys.privateKey),
    "PRIVATE KEY",
  );
  return { key: `${key}\n`, certificate: `${certificate.toString("pem")}\n` };
}
