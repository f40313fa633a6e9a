// As much of a Kubernetes API server as the plugin's protocol needs: objects in memory, create,
// server-side apply as a deep merge, JSON patch of managed fields, dry runs, selectors, watches,
// finalizers. What real servers do beyond it is proved by the engine tests on the embedded
// platform.
import http from "node:http";
import type { AddressInfo } from "node:net";

export type Obj = Record<string, any>;

export interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  body: Obj | undefined;
  contentType: string;
}

interface Reply {
  code: number;
  body: Obj | string;
  warning?: string;
}

function failure(code: number, reason: string, message: string, kind = ""): Reply {
  return { code, body: { kind: "Status", code, reason, message, details: { kind } } };
}

function isObject(value: unknown): value is Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merge(into: Obj, from: Obj): Obj {
  const result = { ...into };
  for (const [key, value] of Object.entries(from))
    result[key] = isObject(value) && isObject(result[key]) ? merge(result[key], value) : value;
  return result;
}

export class FakeApiServer {
  readonly seen: Seen[] = [];
  /** By path, such as `/api/v1/namespaces/a/configmaps/b`. */
  readonly objects = new Map<string, Obj>();
  /** Called after each write; what it returns is stored: the controllers of this cluster. */
  control: (path: string, object: Obj) => Obj = (_path, object) => object;
  /** Answers instead of the server, when it returns something. */
  intercept: (request: Seen) => Reply | undefined = () => undefined;
  readonly logs = new Map<string, string>();
  #version = 1;
  #watchers = new Set<{ prefix: string; response: http.ServerResponse }>();
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "fake",
      clusters: [{ name: "fake", cluster: { server: this.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "me", user: { token: "kubeconfig-token" } }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(path: string, object: Obj): Obj {
    const metadata = {
      uid: `uid-${this.#version}`,
      ...object["metadata"],
      resourceVersion: String(++this.#version),
    };
    const stored = this.control(path, { ...object, metadata });
    this.objects.set(path, stored);
    for (const { prefix, response } of this.#watchers)
      if (path.startsWith(prefix))
        response.write(`${JSON.stringify({ type: "MODIFIED", object: stored })}\n`);
    return stored;
  }

  change(path: string, by: Obj): void {
    this.put(path, merge(this.objects.get(path)!, by));
  }

  remove(path: string): void {
    this.objects.delete(path);
    for (const { prefix, response } of this.#watchers)
      if (path.startsWith(prefix)) response.write(`${JSON.stringify({ type: "DELETED" })}\n`);
  }

  requests(method: string, path?: string): Seen[] {
    return this.seen.filter(
      (request) =>
        request.method === method &&
        (path === undefined || request.path === path) &&
        request.query["watch"] === undefined,
    );
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://fake");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const seen: Seen = {
      method: request.method!,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: body === "" ? undefined : (JSON.parse(body) as Obj),
      contentType: request.headers["content-type"] ?? "",
    };
    this.seen.push(seen);
    if (request.headers.authorization !== "Bearer kubeconfig-token")
      return this.#reply(response, failure(401, "Unauthorized", "Unauthorized"));
    const intercepted = this.intercept(seen);
    if (intercepted) return this.#reply(response, intercepted);
    if (seen.query["watch"] === "true") {
      const watcher = { prefix: `${url.pathname}/`, response };
      this.#watchers.add(watcher);
      response.on("close", () => this.#watchers.delete(watcher));
      response.writeHead(200);
      return void response.flushHeaders();
    }
    this.#reply(response, this.#answer(seen));
  }

  #reply(response: http.ServerResponse, { code, body, warning }: Reply): void {
    response.writeHead(code, {
      "content-type": "application/json",
      ...(warning !== undefined && { warning: `299 - "${warning}"` }),
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  #answer(request: Seen): Reply {
    const { method, path, query, body } = request;
    if (path === "/version") return { code: 200, body: { gitVersion: "v1.34.2" } };
    if (path.endsWith("/log"))
      return {
        code: 200,
        body: this.logs.get(`${path}${query["previous"] === "true" ? "?previous" : ""}`) ?? "",
      };
    const dryRun = query["dryRun"] === "All";
    const stored = this.objects.get(path);
    if (method === "POST") return this.#create(path, body!, dryRun, query["fieldManager"]!);
    if (method === "PATCH" && request.contentType === "application/apply-patch+yaml")
      return this.#apply(path, body!, stored, query, dryRun);
    if (!stored && method === "GET" && this.#isList(path))
      return { code: 200, body: { items: this.#list(path, query) } };
    if (!stored) return failure(404, "NotFound", `${path} not found`, path.split("/").at(-2));
    if (method === "GET") return { code: 200, body: stored };
    if (method === "PATCH") return this.#jsonPatch(path, stored, body as unknown as Obj[]);
    return this.#delete(path, stored);
  }

  #isList(path: string): boolean {
    const depth = path.replace(/^\/(api|apis\/[^/]+)\/[^/]+\//, "").split("/").length;
    return depth === 1 || depth === 3;
  }

  #list(path: string, query: Record<string, string>): Obj[] {
    const wanted = (query["labelSelector"] ?? "").split(",").filter((s) => s !== "");
    return [...this.objects]
      .filter(([p]) => p.startsWith(`${path}/`))
      .map(([, object]) => object)
      .filter((object) =>
        wanted.every(
          (pair) => `${object["metadata"].labels?.[pair.split("=")[0]!]}` === pair.split("=")[1],
        ),
      );
  }

  #namespaceIsMissing(path: string): Reply | undefined {
    const namespace = /\/namespaces\/([^/]+)\/./.exec(path)?.[1];
    if (namespace === undefined || this.objects.has(`/api/v1/namespaces/${namespace}`))
      return undefined;
    return failure(404, "NotFound", `namespaces "${namespace}" not found`, "namespaces");
  }

  #create(path: string, body: Obj, dryRun: boolean, manager: string): Reply {
    const target = `${path}/${body["metadata"].name}`;
    const missing = this.#namespaceIsMissing(path);
    if (missing) return missing;
    if (this.objects.has(target))
      return failure(
        409,
        "AlreadyExists",
        `${path.split("/").at(-1)} "${body["metadata"].name}" already exists`,
      );
    const managedFields = [
      {
        manager,
        operation: "Update",
        apiVersion: body["apiVersion"],
        fieldsV1: { "f:data": { "f:a": {} } },
      },
    ];
    const object = merge(body, {
      metadata: { managedFields, creationTimestamp: "2026-01-01T00:00:00Z", generation: 1 },
    });
    return { code: 201, body: dryRun ? object : this.put(target, object) };
  }

  #apply(
    path: string,
    body: Obj,
    stored: Obj | undefined,
    query: Record<string, string>,
    dryRun: boolean,
  ): Reply {
    const missing = this.#namespaceIsMissing(path);
    if (missing) return missing;
    const entries = ((stored?.["metadata"].managedFields ?? []) as Obj[]).filter(
      (entry) => entry["manager"] !== query["fieldManager"],
    );
    const managedFields = [
      ...entries,
      {
        manager: query["fieldManager"],
        operation: "Apply",
        apiVersion: body["apiVersion"],
        fieldsV1: {},
      },
    ];
    const generation = ((stored?.["metadata"].generation as number | undefined) ?? 0) + 1;
    const object = merge(merge(stored ?? {}, body), { metadata: { managedFields, generation } });
    return { code: 200, body: dryRun ? object : this.put(path, object) };
  }

  #jsonPatch(path: string, stored: Obj, operations: Obj[]): Reply {
    const version = operations.find(
      (operation) => operation["path"] === "/metadata/resourceVersion",
    )?.["value"];
    if (version !== stored["metadata"].resourceVersion)
      return failure(409, "Conflict", "the object has been modified");
    const managedFields = operations.find(
      (operation) => operation["path"] === "/metadata/managedFields",
    )?.["value"];
    return { code: 200, body: this.put(path, merge(stored, { metadata: { managedFields } })) };
  }

  #delete(path: string, stored: Obj): Reply {
    if (((stored["metadata"].finalizers ?? []) as string[]).length > 0) {
      return {
        code: 200,
        body: this.put(
          path,
          merge(stored, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
        ),
      };
    }
    this.remove(path);
    return { code: 200, body: stored };
  }
}
