import "reflect-metadata";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttps, type Server } from "node:https";
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from "@peculiar/x509";
import { expect } from "vitest";
import { stringify } from "yaml";
import type { Environment } from "../../../../program/environment/environment.ts";
import { resolveInstance, type ResolvedInstance } from "@mlflow-instances/components/internal";
import { nothingGiven } from "../../../../program/platforms/given.ts";
import { toArgs } from "../../../../program/instance/toArgs.ts";
import type { Asked, Fault } from "../../../../program/preflight/check.ts";
import { preflight } from "../../../../program/realize/preflight.ts";
import { folderWith } from "../support.ts";

// Real sockets on loopback in place of the systems that an environment stands on.

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validity = {
  notBefore: new Date(Date.now() - 86_400_000),
  notAfter: new Date(Date.now() + 86_400_000),
};

export interface Issued {
  certificate: X509Certificate;
  keys: CryptoKeyPair;
  pem: { cert: string; key: string };
}

export async function issue(name: string, address?: string, authority?: Issued): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority?.certificate.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (authority?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(authority === undefined, undefined, true),
      ...(address === undefined
        ? []
        : [new SubjectAlternativeNameExtension([{ type: "ip", value: address }])]),
    ],
  });
  const key = PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", keys.privateKey),
    "PRIVATE KEY",
  );
  return { certificate, keys, pem: { cert: certificate.toString("pem"), key } };
}

export const listen = (server: TcpServer) =>
  new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
export const portOf = (server: TcpServer) => (server.address() as AddressInfo).port;

/** One question and what a server says to it. */
export type Answer = (request: IncomingMessage & { body: string }) => {
  status: number;
  body?: string;
  headers?: Record<string, string>;
};

/** An HTTPS server whose answers a test may change. */
export function httpsServer({ pem }: Issued, answer: Answer): Server {
  return createHttps(pem, (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { status, body: text = "", headers = {} } = answer(Object.assign(request, { body }));
      response.writeHead(status, headers).end(text);
    });
  });
}

/** What a fake PostgreSQL says of itself. */
export interface FakePostgresql {
  version: number;
  /** The password that it wants; none is asked for without one. */
  password?: string;
  /** What it doesn't let the administrator create; everything may be without it. */
  lacks?: string;
  /** Databases and roles that it has, `database x` and `role x`. */
  names?: readonly string[];
}

/** A server that speaks as much of PostgreSQL as a login and two questions need, behind TLS. */
export function postgresqlServer(
  { pem }: Issued,
  self: FakePostgresql,
  sockets: Set<Socket>,
): TcpServer {
  return createServer((raw) => {
    sockets.add(raw.on("error", () => undefined));
    raw.once("data", (request) => {
      if (request.readInt32BE(4) !== 80_877_103) return raw.destroy();
      raw.write("S");
      const socket = new TLSSocket(raw, {
        isServer: true,
        secureContext: createSecureContext(pem),
      }).on("error", () => undefined);
      const welcome = () =>
        socket.write(Buffer.concat([message("R", int(0)), message("Z", Buffer.from("I"))]));
      socket.once("data", () => {
        if (self.password === undefined) welcome();
        else socket.write(message("R", int(3)));
        socket.on("data", (asked: Buffer) => {
          const kind = String.fromCharCode(asked[0] ?? 0);
          if (kind === "p") {
            if (asked.subarray(5, -1).toString() === self.password) welcome();
            else
              socket.end(
                message(
                  "E",
                  Buffer.from(
                    'SFATAL\0C28P01\0Mpassword authentication failed for user "postgres"\0\0',
                  ),
                ),
              );
          }
          // The question with parameters: parse, bind, describe, execute and sync come in one
          // piece.
          if (kind === "P") return void socket.write(names(self.names ?? []));
          if (kind !== "Q") return;
          const ofRights = asked.includes("as lacks");
          socket.write(
            ofRights
              ? rows("lacks", self.lacks ?? "")
              : rows("server_version_num", String(self.version)),
          );
        });
      });
    });
  });
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const short = (value: number): Buffer => int(value).subarray(2);
const message = (kind: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(kind), int(body.length + 4), body]);
const column = (name: string) =>
  Buffer.concat([
    Buffer.from(`${name}\0`),
    int(0),
    short(0),
    int(25),
    short(-1),
    int(-1),
    short(0),
  ]);
const field = (value: string) => Buffer.concat([int(value.length), Buffer.from(value)]);

/** Rows of `kind` and `name`, as the extended protocol has them. */
const names = (all: readonly string[]): Buffer =>
  Buffer.concat([
    message("1", Buffer.alloc(0)),
    message("2", Buffer.alloc(0)),
    message("T", Buffer.concat([short(2), column("kind"), column("name")])),
    ...all.map((each) => {
      const [kind = "", name = ""] = each.split(" ");
      return message("D", Buffer.concat([short(2), field(kind), field(name)]));
    }),
    message("C", Buffer.from("SELECT\0")),
    message("Z", Buffer.from("I")),
  ]);
const rows = (column: string, value: string): Buffer =>
  Buffer.concat([
    message(
      "T",
      Buffer.concat([
        short(1),
        Buffer.from(`${column}\0`),
        int(0),
        short(0),
        int(25),
        short(-1),
        int(-1),
        short(0),
      ]),
    ),
    message("D", Buffer.concat([short(1), int(value.length), Buffer.from(value)])),
    message("C", Buffer.from("SHOW\0")),
    message("Z", Buffer.from("I")),
  ]);

/** A kubeconfig with one context, `one`; gives the file. */
export function kubeconfig(
  server: string,
  authority: string,
  user: object = { token: "let-me-in" },
): string {
  const cluster = {
    server,
    "certificate-authority-data": Buffer.from(authority).toString("base64"),
  };
  const text = stringify({
    contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
  });
  return `${folderWith({ kubeconfig: text })}/kubeconfig`;
}

/** An API server's list of ingress classes. */
export const ingressClasses = (...names: string[]): string =>
  JSON.stringify({ items: names.map((name) => ({ metadata: { name } })) });

/** Every secret of these tests. */
export const hidden = "hunter2-Xyzzy";

/** What there is besides the environment. */
export interface Surroundings {
  fresh?: string[];
  deployed?: string[];
  timeout?: number | undefined;
  said?: readonly string[];
  /** UID that the state knows. */
  cluster?: string;
  accepted?: string;
  /** Instances that the state has parts of. */
  inState?: string[] | "unknown";
  found?: (cluster: string) => void;
}

/**
 * The lines by which an environment is refused, none where it isn't; no secret is in them, nor in
 * what else was said.
 */
export async function refusals(
  environment: Environment,
  {
    fresh = [],
    deployed = [],
    timeout,
    said = [],
    cluster,
    accepted,
    inState = [],
    found = () => undefined,
  }: Surroundings = {},
): Promise<string[]> {
  const file = { team: "fraud", owner: "a@example.com", description: "d" };
  const resolvedOf = (name: string): ResolvedInstance =>
    resolveInstance(toArgs(environment, name, file, nothingGiven));
  const instances = new Map(
    deployed.map((name) => [
      name,
      { prepared: false, trackingUri: `https://${name}.mlflow.test`, tokens: new Map() },
    ]),
  );
  const asked: Asked = {
    instances: [...fresh, ...deployed].map(resolvedOf),
    fresh: [],
    wantsServiceMonitors: environment.monitoring?.serviceMonitor === true,
    last: { instances, ...(cluster === undefined ? {} : { cluster }) },
    acceptedCluster: accepted,
    inState: () => Promise.resolve(inState === "unknown" ? undefined : new Set(inState)),
    found,
    reached: () => undefined,
    secretText: () => hidden,
  };
  const all = {
    ...asked,
    fresh: asked.instances.filter(({ instanceName }) => fresh.includes(instanceName)),
  };
  const placeOf = ({ path, instance, text }: Fault) => {
    expect(path ?? instance, text).toBeDefined();
    return undefined;
  };
  const failure = await preflight(environment, all, placeOf, timeout).then(
    () => undefined,
    (error: Error) => error,
  );
  expect([...said, failure?.message].join()).not.toContain(hidden);
  if (failure === undefined) return [];
  const [title, ...lines] = failure.message.split("\n");
  expect(title).toBe("Environment local can't be used as it is; nothing was changed:");
  return lines.map((line) => line.trim());
}
