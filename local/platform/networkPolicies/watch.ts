import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Identity } from "../https.ts";

interface ApiObject {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string };
}

/** Reads an HTTPS answer line by line while it goes on. */
function lines(url: string, identity: Identity, onLine: (line: string) => void, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...identity, agent: false, signal }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) if (part !== "") onLine(part);
      });
      response.on("end", () => {
        if (rest !== "") onLine(rest);
        resolve(response.statusCode ?? 0);
      });
      response.on("error", reject);
    });
    outgoing.setTimeout(60_000, () => outgoing.destroy(new Error("the API server said nothing for a minute")));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/**
 * Keeps a copy of all objects of one kind: a list, then every change, and the list again when the connection or the history is lost.
 * `onChange` is called after each complete list and each change.
 */
export async function watchAll<T extends ApiObject>(
  options: { readonly url: string; readonly identity: Identity; readonly signal: AbortSignal },
  onChange: (objects: readonly T[]) => void,
  onTrouble: (reason: string) => void,
): Promise<void> {
  const { url, identity, signal } = options;
  while (!signal.aborted) {
    try {
      const objects = new Map<string, T>();
      let text = "";
      const status = await lines(url, identity, (line) => (text += line), signal);
      if (status !== 200) throw new Error(`${url} answered ${status}`);
      const list = JSON.parse(text) as { items: T[]; metadata: { resourceVersion: string } };
      for (const item of list.items) objects.set(item.metadata.uid ?? "", item);
      onChange([...objects.values()]);
      let version = list.metadata.resourceVersion;
      let current = true;
      while (current && !signal.aborted) {
        // Shorter than the silence that is taken for a dead connection.
        const path = `${url}?watch=1&allowWatchBookmarks=true&timeoutSeconds=50&resourceVersion=${version}`;
        const answered = await lines(
          path,
          identity,
          (line) => {
            const event = JSON.parse(line) as { type: string; object: T };
            if (event.type === "ERROR") {
              current = false;
              return;
            }
            version = event.object.metadata.resourceVersion ?? version;
            if (event.type === "BOOKMARK") return;
            if (event.type === "DELETED") objects.delete(event.object.metadata.uid ?? "");
            else objects.set(event.object.metadata.uid ?? "", event.object);
            onChange([...objects.values()]);
          },
          signal,
        );
        if (answered !== 200) current = false;
      }
    } catch (error) {
      if (signal.aborted) return;
      onTrouble((error as Error).message);
    }
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}
