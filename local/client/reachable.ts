import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * An ingress controller learns of a ready pod a moment after the API server: Traefik looks at most
 * every 2 s.
 */
const limitMs = 30_000;

const health = (trackingUri: string, ca: string): Promise<string> =>
  new Promise((resolve) => {
    const request = get(`${trackingUri}/health`, { ca, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? "" : `HTTP status ${answer.statusCode}`);
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", (error) => resolve(error.message));
  });

/**
 * Waits until the instance answers through its URL; throws with the last answer when it does not.
 */
export async function reachable(trackingUri: string, caPath: string): Promise<void> {
  const ca = await readFile(caPath, "utf8");
  const end = Date.now() + limitMs;
  for (;;) {
    const problem = await health(trackingUri, ca);
    if (problem === "") return;
    if (Date.now() > end)
      throw new Error(`${trackingUri}/health does not answer through the ingress: ${problem}`);
    await sleep(250);
  }
}
