import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

/**
 * One end of test connections, for a network namespace: answers on the TCP and UDP ports of its
 * arguments (an address, then ports) and, told by a line of JSON (`{id, to, port, protocol}`),
 * tries a connection of its own; its answer is `{id, result}`.
 */
export type Attempt = "open" | "refused" | "rejected" | "silent";

const patienceMs = 1000;
let nextPort = 20_000;
const [own = "", ...ports] = process.argv.slice(2);
await Promise.all(
  ports.flatMap((port) => [
    // A visitor who has lost patience and left resets the connection; nobody listening to that
    // would end this process.
    new Promise<void>((resolve) =>
      createServer((socket) => socket.on("error", () => undefined).end("here")).listen(
        Number(port),
        own,
        resolve,
      ),
    ),
    new Promise<void>((resolve) => {
      const socket = createSocket("udp4");
      socket.on("message", (_message, { address, port: from }) =>
        socket.send("here", from, address),
      );
      // An answer that is rejected on its way back says so later, to nobody.
      socket.on("error", () => undefined);
      // On its own address: an answer of the node would leave with the address that is nearest to
      // the pod, and the pod would not know it.
      socket.bind(Number(port), own, resolve);
    }),
  ]),
);

const verdict = (error: NodeJS.ErrnoException): Attempt =>
  error.code === "ECONNREFUSED" ? "refused" : error.code === "EHOSTUNREACH" ? "rejected" : "silent";

function tcp(to: string, port: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ host: to, port });
    const done = (result: Attempt): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(patienceMs, () => done("silent"));
    socket.once("data", () => done("open")).once("error", (error) => done(verdict(error)));
  });
}

function udp(to: string, port: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (result: Attempt): void => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => done("silent"), patienceMs);
    socket.once("message", () => done("open")).once("error", (error) => done(verdict(error)));
    // Each attempt from a port of its own: the kernel takes a repeated pair of ports for the same
    // connection, which stays allowed.
    socket.bind(nextPort++, own, () => {
      // Only a connected socket is told that its packet was rejected.
      socket.connect(port, to, () => socket.send("there?"));
    });
  });
}

createInterface(process.stdin)
  .on("line", (line) => {
    const { id, to, port, protocol } = JSON.parse(line) as {
      id: number;
      to: string;
      port: number;
      protocol: "TCP" | "UDP";
    };
    void (protocol === "TCP" ? tcp(to, port) : udp(to, port)).then((result) =>
      process.stdout.write(`${JSON.stringify({ id, result })}\n`),
    );
  })
  .once("close", () => process.exit(0));
process.stdout.write(`${JSON.stringify({ id: 0, result: "ready" })}\n`);
