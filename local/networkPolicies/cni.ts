import { readFileSync } from "node:fs";
import { ask, type Attachment } from "./door.ts";

/**
 * The ADD of the last plugin of the CNI chain: a pod's programs start only when the kernel has the
 * pod's rules. It changes nothing of the network itself. It fails when the controller does not
 * answer; the kubelet then tries again, and says so in the pod's events.
 */
interface PluginInput {
  readonly cniVersion: string;
  readonly socket: string;
  readonly prevResult?: { readonly ips?: readonly { readonly address: string }[] };
}

const input = JSON.parse(readFileSync(0, "utf8")) as PluginInput;
const args = new Map(
  (process.env["CNI_ARGS"] ?? "").split(";").map((pair) => pair.split("=", 2) as [string, string]),
);
const address = input.prevResult?.ips
  ?.map((ip) => ip.address.split("/")[0])
  .find((ip) => ip?.includes("."));
const namespace = args.get("K8S_POD_NAMESPACE");
const name = args.get("K8S_POD_NAME");

if (address === undefined || namespace === undefined || name === undefined) {
  fail(7, "needs the address that the plugin before it gave, and the pod's name in CNI_ARGS");
} else {
  const attachment: Attachment = { namespace, name, address };
  await ask(input.socket, "/attach", attachment, 15_000).then(
    () => process.stdout.write(JSON.stringify(input.prevResult)),
    (error: Error) => fail(11, `network policies: ${error.message}`),
  );
}

function fail(code: number, msg: string): void {
  process.stdout.write(JSON.stringify({ cniVersion: input.cniVersion, code, msg }));
  process.exitCode = 1;
}
