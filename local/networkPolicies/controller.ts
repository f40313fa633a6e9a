import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { canonicalCidr } from "./cidr.ts";
import { socketPath, type Attachment } from "./door.ts";
import { Enforcer } from "./enforcer.ts";

/**
 * Enforces the cluster's NetworkPolicies in the network namespace that it is started in. When it
 * ends, its last table stays and goes on cutting off what is not known.
 */
const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    "pod-cidr": { type: "string" },
    "dns-ip": { type: "string" },
    "run-folder": { type: "string" },
  },
});
const { kubeconfig, "dns-ip": dnsIp, "run-folder": runFolder } = values;
const podCidr = canonicalCidr(values["pod-cidr"] ?? "");
if (
  kubeconfig === undefined ||
  podCidr === undefined ||
  dnsIp === undefined ||
  runFolder === undefined
) {
  console.error(
    "usage: controller.ts --kubeconfig <file> --pod-cidr <IPv4 range> --dns-ip <address> --run-folder <folder>",
  );
  process.exit(2);
}

const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const enforcer = new Enforcer({ podCidr, dnsIp }, (line) =>
  console.log(`${new Date().toISOString()} ${line}`),
);

const server = createServer((call, response) => {
  answer(call.url ?? "", call).then(
    (body) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body)),
    (error: Error) => response.writeHead(503).end(error.message),
  );
});

async function answer(path: string, call: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of call) parts.push(part as Buffer);
  if (path === "/status") return enforcer.status();
  if (path !== "/attach") throw new Error(`no such request: ${path}`);
  await enforcer.attach(
    JSON.parse(Buffer.concat(parts).toString()) as Attachment,
    AbortSignal.timeout(10_000),
  );
  return {};
}

const socket = socketPath(runFolder);
rmSync(socket, { force: true });
server.listen(socket, () => chmodSync(socket, 0o600));
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    rmSync(socket, { force: true });
    process.exit(0);
  });
}

await enforcer.start(config);
for (;;) {
  // If another program empties the table, it is there again a minute later.
  await sleep(60_000);
  await enforcer.sync({ always: true }).catch(() => undefined);
}
