import { Agent } from "node:https";
import type { ProfileNetwork, ProfilePaths } from "../paths.ts";
import { call, identityOf, type Answer, type Identity } from "./https.ts";

/**
 * The few calls that the platform itself makes. The full client library takes a second and 130 MB
 * to load, which is most of a start that finds everything running.
 */
export interface KubernetesApi {
  readonly server: string;
  readonly identity: Identity;
  get<T>(path: string): Promise<T | undefined>;
  /** Server-side apply: creates the object, or changes what differs. */
  apply(path: string, object: object): Promise<void>;
  remove(path: string): Promise<void>;
}

export const apiServerUrl = (network: ProfileNetwork): string =>
  `https://${network.nodeIp}:${network.ports.apiServer}`;

const fieldManager = "mlflow-instances-platform";

export async function kubernetesApi(
  network: ProfileNetwork,
  paths: ProfilePaths,
  identityName = "admin",
): Promise<KubernetesApi> {
  const server = apiServerUrl(network);
  const identity = await identityOf(paths.pki, "cluster-ca", identityName);
  const agent = new Agent({ keepAlive: true, ...identity });
  const send = async (
    method: string,
    path: string,
    body?: string,
    contentType = "application/json",
  ): Promise<Answer> =>
    call(
      `${server}${path}`,
      identity,
      {
        method,
        headers: { "content-type": contentType, accept: "application/json" },
        ...(body === undefined ? {} : { body }),
        timeoutMs: 10_000,
      },
      agent,
    );
  const failed = (method: string, path: string, { status, body }: Answer): Error =>
    new Error(`Kubernetes API: ${method} ${path} answered ${status}: ${body.slice(0, 500)}`);
  return {
    server,
    identity,
    async get<T>(path: string) {
      const answer = await send("GET", path);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw failed("GET", path, answer);
      return JSON.parse(answer.body) as T;
    },
    async apply(path, object) {
      const answer = await send(
        "PATCH",
        `${path}?fieldManager=${fieldManager}&force=true`,
        JSON.stringify(object),
        "application/apply-patch+yaml",
      );
      if (answer.status >= 300) throw failed("PATCH", path, answer);
    },
    async remove(path) {
      const answer = await send("DELETE", path);
      if (answer.status >= 300 && answer.status !== 404) throw failed("DELETE", path, answer);
    },
  };
}
