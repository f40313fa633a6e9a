import { request } from "node:http";
import { join } from "node:path";

/** The controller's only entrance: HTTP on a socket that root alone can open. */
export const socketPath = (runFolder: string): string => join(runFolder, "network-policies.sock");

/** What the network plugin tells of a pod's sandbox. */
export interface Attachment {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
}

export interface ControllerStatus {
  /** The kernel has the rules of all known policies. */
  readonly ready: boolean;
  readonly policies: number;
  readonly pods: number;
  /** Pods that a policy isolates in one direction or in both. */
  readonly isolatedPods: number;
  readonly rules: number;
  /** When the kernel last took a table, ISO 8601. */
  readonly lastSync?: string;
  readonly problem?: string;
}

export async function ask<T>(
  socket: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<T> {
  return await new Promise((resolve, reject) => {
    const call = request(
      { socketPath: socket, path, method: "POST", timeout: timeoutMs },
      (response) => {
        let text = "";
        response
          .setEncoding("utf8")
          .on("data", (part: string) => (text += part))
          .on("error", reject);
        response.on("end", () =>
          response.statusCode === 200 ? resolve(JSON.parse(text) as T) : reject(new Error(text)),
        );
      },
    );
    call
      .on("error", reject)
      .on("timeout", () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    call.end(JSON.stringify(body));
  });
}
