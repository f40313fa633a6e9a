import { createServer } from "node:https";
import type { ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/**
 * The lists and watches of an API server, without one. Arguments: address, port, PEM file with key
 * and certificate. Its cluster comes by lines of JSON: `{path, type, object}` is one event, `{cut:
 * true}` ends all watches and forgets old versions, as a restarted server does.
 */
interface Item {
  metadata: { namespace?: string; name: string; resourceVersion?: string };
}
interface Line {
  path: string;
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: Item;
  cut?: boolean;
}

const [address = "", port = "", pemFile = ""] = process.argv.slice(2);
const pem = readFileSync(pemFile, "utf8");
const items = new Map<string, Map<string, Item>>();
const past: { version: number; path: string; text: string }[] = [];
const watches = new Set<{ path: string; response: ServerResponse }>();
// A restarted server goes on with higher versions, as etcd does.
let version = Date.now();
let oldest = version;

const server = createServer({ key: pem, cert: pem }, (request, response) => {
  const url = new URL(request.url ?? "", "https://cluster");
  if (url.searchParams.get("watch") === null) {
    response.end(
      JSON.stringify({
        metadata: { resourceVersion: String(version) },
        items: [...(items.get(url.pathname)?.values() ?? [])],
      }),
    );
  } else if (Number(url.searchParams.get("resourceVersion")) < oldest) {
    response.writeHead(410).end();
  } else {
    const watch = { path: url.pathname, response };
    const since = Number(url.searchParams.get("resourceVersion"));
    response.writeHead(200).flushHeaders();
    for (const event of past)
      if (event.path === watch.path && event.version > since) response.write(event.text);
    watches.add(watch);
    response.once("close", () => watches.delete(watch));
  }
});

createInterface(process.stdin)
  .on("line", (text) => {
    const { path, type, object, cut } = JSON.parse(text) as Line;
    version++;
    if (cut === true) {
      oldest = version;
      for (const { response } of watches) response.destroy();
    } else {
      const all = items.get(path) ?? new Map<string, Item>();
      items.set(path, all);
      object.metadata.resourceVersion = String(version);
      const key = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
      if (type === "DELETED") all.delete(key);
      else all.set(key, object);
      const event = `${JSON.stringify({ type, object })}\n`;
      past.push({ version, path, text: event });
      for (const watch of watches) if (watch.path === path) watch.response.write(event);
    }
  })
  .once("close", () => process.exit(0));
server.listen(Number(port), address, () => process.stdout.write("ready\n"));
