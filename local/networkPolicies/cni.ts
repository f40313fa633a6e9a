import { readFileSync } from "node:fs";
import { ask, type Attachment } from "./door.ts";

/**
 * Last plugin of the CNI chain: a pod's programs start only when the kernel has the pod's rules. It changes nothing of the network itself.
 * It fails when the controller does not answer; the kubelet then tries again, and says so in the pod's events.
 */
interface PluginInput {
  readonly cniVersion?: string;
  readonly socket?: string;
  readonly prevResult?: { readonly ips?: readonly { readonly address?: string }[] };
}

const { CNI_COMMAND: command = "", CNI_CONTAINERID: containerId = "", CNI_ARGS: extra = "" } = process.env;
const input = JSON.parse(readFileSync(0, "utf8") || "{}") as PluginInput;
const args = new Map(extra.split(";").map((pair) => pair.split("=", 2) as [string, string]));

if (command === "VERSION") {
  print({ cniVersion: "1.0.0", supportedVersions: ["0.3.1", "0.4.0", "1.0.0"] });
} else if (command === "ADD") {
  const address = input.prevResult?.ips?.map((ip) => ip.address?.split("/")[0]).find((ip) => ip?.includes("."));
  const namespace = args.get("K8S_POD_NAMESPACE");
  const name = args.get("K8S_POD_NAME");
  if (address === undefined || namespace === undefined || name === undefined)
    fail(7, "needs the address from the plugin before and the pod's name in CNI_ARGS");
  else {
    const attachment: Attachment = { containerId, namespace, name, address };
    await ask(input.socket ?? "", "/add", attachment, 15_000).then(
      () => print(input.prevResult),
      (error: Error) => fail(11, `network policies: ${error.message}`),
    );
  }
} else if (command === "DEL") {
  // Must succeed without a controller too: what it does not hear now it learns from the API server.
  await ask(input.socket ?? "", "/delete", { containerId }, 2000).catch(() => undefined);
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}

function fail(code: number, msg: string): void {
  print({ cniVersion: input.cniVersion ?? "1.0.0", code, msg });
  process.exitCode = 1;
}
