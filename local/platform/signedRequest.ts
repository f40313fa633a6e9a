import { createHash, createHmac } from "node:crypto";
import { call, type Answer, type Identity } from "./https.ts";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Headers of AWS Signature Version 4 for the service `s3`. */
export function signedHeaders(
  { method, url, body, region, accessKeyId, secretAccessKey }: SignedRequest,
  now: Date,
): Record<string, string> {
  const { host, pathname, searchParams } = new URL(url);
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/s3/aws4_request`;
  const headers: Record<string, string> = {
    host,
    "x-amz-content-sha256": hash(body),
    "x-amz-date": time,
  };
  const names = Object.keys(headers).sort();
  const query = [...searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join("&");
  const canonical = [
    method,
    pathname,
    query,
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"],
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, hash(canonical)].join("\n");
  const key = [date, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key, toSign).toString("hex");
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

export const callSigned = (request: SignedRequest, identity: Identity): Promise<Answer> =>
  call(request.url, identity, {
    method: request.method,
    headers: signedHeaders(request, new Date()),
    body: request.body,
  });
