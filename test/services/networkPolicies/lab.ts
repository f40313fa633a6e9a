import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Attempt } from "./endpoint.ts";

const gateway = "10.99.0.1";

/** Why a lab can't be built here, if it can't. */
export function labObstacle(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs Linux and root";
  for (const tool of ["ip", "nft"]) {
    try {
      execFileSync(tool, ["-V"], { stdio: "ignore" });
    } catch {
      return `needs ${tool}`;
    }
  }
  return undefined;
}

const ip = (...args: string[]): void =>
  void execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });

const spaces = (): string[] =>
  execFileSync("ip", ["netns", "list"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith("npt-"));

/**
 * A node as the embedded platform has it, without Kubernetes: a network namespace that routes
 * between its pods (point to point, as the CNI plugin `ptp` does), each a namespace of its own, and
 * the machine outside on `eth0`.
 */
export class Lab {
  readonly node: string;
  readonly #prefix: string;
  readonly #ends = new Map<string, Endpoint>();

  constructor(name: string) {
    this.#prefix = `npt-${process.pid}-${name}`;
    this.node = `${this.#prefix}-node`;
  }

  /** The machine around the node, and the node itself. */
  async start(address: string, nodeAddress: string, ports: readonly number[]): Promise<void> {
    for (const name of spaces())
      if (!existsSync(`/proc/${/^npt-(\d+)-/.exec(name)?.[1] ?? "self"}`))
        ip("netns", "delete", name); // of a killed run
    ip("netns", "add", this.node);
    ip("-n", this.node, "link", "set", "lo", "up");
    this.set({ ip_forward: 1, "conf/all/rp_filter": 0, "conf/default/rp_filter": 0 });
    // The kernel sends few refusals a second; a test knocks more often than that.
    this.set({ icmp_ratelimit: 0, icmp_msgs_per_sec: 100_000, icmp_msgs_burst: 100_000 });
    this.inNode(
      "nft",
      ["-f", "-"],
      "table inet other { chain count { type filter hook forward priority 10; policy accept; }\n}",
    );
    const space = this.#space("outside", "eth0");
    ip("-n", this.node, "address", "add", `${nodeAddress}/24`, "dev", "eth0");
    ip("-n", space, "address", "add", `${address}/24`, "dev", "eth0");
    ip("-n", space, "route", "add", "default", "via", nodeAddress);
    await this.#listen(address, space, ports);
    await this.#listen(nodeAddress, this.node, ports);
  }
  set(settings: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(settings))
      this.inNode("sh", ["-c", `echo ${value} >/proc/sys/net/ipv4/${name}`]);
  }

  inNode(program: string, args: string[], input = ""): string {
    return execFileSync("ip", ["netns", "exec", this.node, program, ...args], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  spawnInNode(program: string, args: readonly string[]): ChildProcess {
    return spawn("ip", ["netns", "exec", this.node, program, ...args], { stdio: "ignore" });
  }

  /** Gives the tables to the kernel in turn, beside what goes on meanwhile. */
  async replaceTables(texts: readonly string[], turns: number): Promise<void> {
    const script =
      'while [ "$1" -gt 0 ]; do printf %s "$2" | nft -f - && printf %s "$3" | nft -f - || exit 1; set -- $(($1 - 1)) "$2" "$3"; done';
    const child = spawn(
      "ip",
      ["netns", "exec", this.node, "sh", "-c", script, "sh", String(turns), ...texts],
      { stdio: "inherit" },
    );
    await new Promise<void>((resolve, reject) =>
      child.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`nft ended with ${code}`)),
      ),
    );
  }

  async addPod(address: string, ports: readonly number[]): Promise<void> {
    const last = address.split(".").at(-1) ?? "";
    const link = `veth${last}`;
    const space = this.#space(`p${last}`, link);
    ip("-n", this.node, "address", "add", `${gateway}/32`, "dev", link);
    ip("-n", this.node, "route", "add", `${address}/32`, "dev", link, "scope", "link");
    ip("-n", space, "address", "add", `${address}/32`, "dev", "eth0");
    ip("-n", space, "route", "add", gateway, "dev", "eth0");
    ip("-n", space, "route", "add", "default", "via", gateway);
    await this.#listen(address, space, ports);
  }

  /** Tries a connection that begins at one address. */
  async attempt(
    from: string,
    to: string,
    port: number,
    protocol: "TCP" | "UDP" = "TCP",
  ): Promise<Attempt> {
    const end = this.#ends.get(from);
    if (end === undefined) throw new Error(`nobody has ${from}`);
    return await end.attempt(to, port, protocol);
  }

  inPod(address: string, program: string, args: string[]): string {
    return execFileSync(
      "ip",
      ["netns", "exec", `${this.#prefix}-p${address.split(".").at(-1)}`, program, ...args],
      { encoding: "utf8" },
    );
  }

  remove(): void {
    for (const end of this.#ends.values()) end.stop();
    for (const name of spaces())
      if (name.startsWith(`${this.#prefix}-`)) ip("netns", "delete", name);
  }

  #space(name: string, nodeLink: string): string {
    const space = `${this.#prefix}-${name}`;
    ip("netns", "add", space);
    ip(
      "-n",
      this.node,
      "link",
      "add",
      nodeLink,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      space,
    );
    for (const [owner, link] of [
      [this.node, nodeLink],
      [space, "eth0"],
      [space, "lo"],
    ] as const) {
      ip("-n", owner, "link", "set", link, "up");
    }
    return space;
  }

  async #listen(address: string, space: string, ports: readonly number[]): Promise<void> {
    const end = new Endpoint(space, address, ports);
    this.#ends.set(address, end);
    await end.ready;
  }
}

class Endpoint {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: Attempt) => void>();
  #count = 0;
  readonly ready: Promise<unknown>;

  constructor(space: string, address: string, ports: readonly number[]) {
    this.#child = spawn(
      "ip",
      [
        "netns",
        "exec",
        space,
        process.execPath,
        join(import.meta.dirname, "endpoint.ts"),
        address,
        ...ports.map(String),
      ],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    this.ready = new Promise((resolve, reject) => {
      this.#waiting.set(0, resolve);
      this.#child.once("exit", (code) =>
        reject(new Error(`the endpoint in ${space} ended with ${code}`)),
      );
    });
    createInterface(this.#child.stdout!).on("line", (line) => {
      const { id, result } = JSON.parse(line) as { id: number; result: Attempt };
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  attempt(to: string, port: number, protocol: "TCP" | "UDP"): Promise<Attempt> {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.stdin!.write(`${JSON.stringify({ id, to, port, protocol })}\n`);
    });
  }

  stop(): void {
    this.#child.removeAllListeners("exit");
    this.#child.stdin!.end();
  }
}
