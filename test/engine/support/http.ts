import { readFile } from "node:fs/promises";
import { request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** One HTTPS request that trusts the platform's CA and nothing else. */
export async function https(
  url: string,
  {
    method = "GET",
    token,
    caPath,
    body,
    form,
    headers = {},
    servername,
  }: {
    method?: string;
    token?: string;
    caPath: string;
    /** Sent as JSON. */
    body?: unknown;
    /** Sent as a browser sends a form. */
    form?: Record<string, string>;
    headers?: Record<string, string>;
    servername?: string;
  },
): Promise<Answer> {
  const ca = await readFile(caPath, "utf8");
  const fields = form && new URLSearchParams(form).toString();
  const payload = fields ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = fields === undefined ? "application/json" : "application/x-www-form-urlencoded";
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        ca,
        timeout: 30_000,
        ...(servername === undefined ? {} : { servername }),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(payload === undefined
            ? {}
            : { "content-type": type, "content-length": Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
        answer.on("error", reject);
      },
    );
    outgoing.on("timeout", () =>
      outgoing.destroy(new Error(`${method} ${url}: no answer within 30 s`)),
    );
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}
