// An endpoint that keeps the document of each bucket setting as it was written and gives it back:
// for the settings that the gateway of the tests doesn't offer. It proves what goes over the wire
// and that it is read back the same; not what a real store thinks of it.
import { createServer } from "node:http";
import type { Server } from "node:http";

export interface EchoStore {
  endpoint: string;
  documents: Map<string, string>;
  stop(): void;
}

const missing: Record<string, string> = {
  lifecycle: "NoSuchLifecycleConfiguration",
  encryption: "ServerSideEncryptionConfigurationNotFoundError",
  publicAccessBlock: "NoSuchPublicAccessBlockConfiguration",
};

export async function startEchoStore(): Promise<EchoStore> {
  const documents = new Map<string, string>();
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://store");
    const key = `${url.pathname.replace(/\/$/, "")}?${[...url.searchParams.keys()].find((name) => name in missing) ?? ""}`;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const setting = key.slice(key.indexOf("?") + 1);
      if (request.method === "PUT") documents.set(key, Buffer.concat(chunks).toString());
      if (request.method === "DELETE") documents.delete(key);
      const known = documents.get(key);
      response.setHeader("content-type", "application/xml");
      if (request.method !== "GET")
        response.writeHead(request.method === "DELETE" ? 204 : 200).end();
      else if (known === undefined)
        response.writeHead(404).end(`<Error><Code>${missing[setting]}</Code></Error>`);
      else response.writeHead(200).end(known);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    documents,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
