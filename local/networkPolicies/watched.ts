import { request, type RequestOptions } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { ListWatch, Watch, type KubeConfig, type KubernetesListObject, type KubernetesObject } from "@kubernetes/client-node";

/** All objects of one kind, kept current by a watch. */
export interface Watched<T> {
  list(): T[];
  get(namespace: string, name: string): T | undefined;
  /** Why the objects may be out of date, if they may. */
  problem(): string | undefined;
}

/** Returns when the objects are there. From then on a lost watch is taken up again, for ever; what was known stays meanwhile. */
export async function watchAll<T>(config: KubeConfig, path: string, onChange: () => void): Promise<Watched<T>> {
  let problem: string | undefined;
  const informer = new ListWatch<KubernetesObject>(path, new Watch(config), () => listAll(config, path), false);
  const start = async (): Promise<void> => {
    for (;;) {
      problem = undefined;
      await informer.start().catch(fail);
      // The library reports a failed list or watch by its error event, before start() returns.
      if (problem === undefined) return;
      await sleep(1000);
    }
  };
  let running: Promise<void> | undefined;
  const fail = (error: unknown): void => {
    problem = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    running ??= sleep(500)
      .then(start)
      .finally(() => (running = undefined));
  };
  informer.on("error", fail);
  for (const event of ["add", "update", "delete"] as const) informer.on(event, onChange);
  running = start();
  await running;
  running = undefined;
  return {
    list: () => informer.list() as unknown as T[],
    get: (namespace, name) => informer.get(name, namespace) as unknown as T | undefined,
    problem: () => problem,
  };
}

/** As the API server writes them; the library's own list functions rename fields, its watches don't. */
async function listAll(config: KubeConfig, path: string): Promise<KubernetesListObject<KubernetesObject>> {
  const options: RequestOptions = { headers: { accept: "application/json" }, timeout: 15_000 };
  await config.applyToHTTPSOptions(options);
  const url = new URL((config.getCurrentCluster()?.server ?? "") + path);
  return await new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text) as KubernetesListObject<KubernetesObject>);
        else reject(new Error(`list answers ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    call.on("error", reject).on("timeout", () => call.destroy(new Error("list timed out")));
    call.end();
  });
}
