import { request, type RequestOptions } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ListWatch,
  Watch,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
} from "@kubernetes/client-node";

/** All objects of one kind, kept current by a watch. */
export interface Watched<T> {
  list(): T[];
  get(namespace: string, name: string): T | undefined;
  /** Why the objects may be out of date, if they may. */
  problem(): string | undefined;
}

/**
 * Returns when the objects are there. A watch that fails is replaced by a new list and watch, for
 * ever; what was known stays meanwhile.
 */
export async function watchAll<T>(
  config: KubeConfig,
  path: string,
  onChange: () => void,
): Promise<Watched<T>> {
  let current: ListWatch<KubernetesObject> | undefined;
  let problem: string | undefined;
  const connect = async (): Promise<void> => {
    for (;;) {
      const informer = new ListWatch<KubernetesObject>(
        path,
        new Watch(config),
        () => listAll(config, path),
        false,
      );
      let failed = false;
      const fail = (error: unknown): void => {
        problem = `${path}: ${error instanceof Error ? error.message : String(error)}`;
        // Not started yet: the loop tries again. Started: this informer has come to its end.
        if (informer === current && !failed) void sleep(200).then(connect);
        failed = true;
      };
      informer.on("error", fail);
      for (const event of ["add", "update", "delete"] as const) informer.on(event, onChange);
      await informer.start().catch(fail);
      if (!failed) {
        current = informer;
        problem = undefined;
        onChange();
        return;
      }
      await sleep(500);
    }
  };
  await connect();
  return {
    list: () => (current?.list() ?? []) as unknown as T[],
    get: (namespace, name) => current?.get(name, namespace) as unknown as T | undefined,
    problem: () => problem,
  };
}

/**
 * As the API server writes them; the library's own list functions rename fields, its watches don't.
 */
async function listAll(
  config: KubeConfig,
  path: string,
): Promise<KubernetesListObject<KubernetesObject>> {
  const options: RequestOptions = { headers: { accept: "application/json" }, timeout: 15_000 };
  await config.applyToHTTPSOptions(options);
  const url = new URL((config.getCurrentCluster()?.server ?? "") + path);
  return await new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200)
          resolve(JSON.parse(text) as KubernetesListObject<KubernetesObject>);
        else reject(new Error(`list answers ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    call.on("error", reject).on("timeout", () => call.destroy(new Error("list timed out")));
    call.end();
  });
}
