import type { Server } from "node:https";
import type { Server as TcpServer, Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";
import { fixtureEnvironment } from "../support.ts";
import { identity, role, serviceOf, shellWithFixtureProfile } from "./fakeAws.ts";
import {
  hidden,
  httpsServer,
  ingressClasses,
  issue,
  kubeconfig,
  listen,
  portOf,
  postgresqlServer,
  refusals,
  type Answer,
  type FakePostgresql,
  type Issued,
} from "./fakes.ts";

// One HTTPS server stands for STS, S3, EKS and Route 53, another for the API server. Nothing leaves
// the machine: every endpoint is given, and the environment has neither profiles nor credentials
// but those of the test.

export let ca: Issued;
export let api: Server, postgresql: TcpServer;
let aws: Server;
export const sockets = new Set<Socket>();
export const database: FakePostgresql = { version: 160_009 };
export let answers: Record<"sts" | "iam" | "s3" | "eks" | "route53" | "api", Answer>;
export const asked: string[] = [];
const heard = vi.hoisted(() => ({ info: [] as string[], warn: [] as string[] }));
vi.mock(import("@pulumi/pulumi"), async (original) => {
  const module = await original();
  const note = (texts: string[]) => (text: string) => Promise.resolve(void texts.push(text));
  return { ...module, log: { ...module.log, info: note(heard.info), warn: note(heard.warn) } };
});

/** What the program said beside its error. */
export const said = heard;

const deployer = "arn:aws:sts::123456789012:assumed-role/deploy/pipeline";

/** Starts them for the tests of a file; every test begins with answers that are right. */
export function serveAws(): void {
  beforeAll(async () => {
    ca = await issue("authority");
    const loopback = await issue("loopback", "127.0.0.1", ca);
    aws = httpsServer(loopback, (request) => {
      const { method, url = "", body } = request;
      const service = serviceOf(url, body);
      asked.push(`${service} ${method} ${url.split("?")[0]}`);
      return answers[service](request);
    });
    api = httpsServer(loopback, (request) => answers.api(request));
    postgresql = postgresqlServer(loopback, database, sockets);
    await Promise.all([aws, api, postgresql].map(listen));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of [aws, api, postgresql]) server.close();
  });

  beforeEach(() => {
    asked.length = said.info.length = said.warn.length = 0;
    Object.assign(database, { version: 160_009, password: hidden });
    answers = {
      sts: () => identity(deployer),
      iam: () => role("arn:aws:iam::123456789012:role/ci/deploy"),
      s3: () => ({ status: 404 }),
      eks: () => ({ status: 500 }),
      route53: () => ({ status: 500 }),
      api: ({ url }) =>
        url === "/version" ? { status: 200 } : { status: 200, body: ingressClasses("alb") },
    };
    shellWithFixtureProfile();
  });
}

export const address = () => `https://127.0.0.1:${portOf(aws)}`;

// the values of a fixture
export const environment = (change: (platform: any) => void = () => undefined) =>
  fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = {
      kubeconfig: kubeconfig(`https://127.0.0.1:${portOf(api)}`, ca.pem.cert),
      context: "one",
    };
    platform.artifactStore = {
      endpoints: {
        s3: address(),
        sts: address(),
        iam: address(),
        eks: address(),
        route53: address(),
      },
    };
    change(platform);
  }, "aws");

export const linesOf = (
  values: ReturnType<typeof environment>,
  fresh: string[] = [],
  timeout?: number,
): Promise<string[]> => refusals(values, { fresh, timeout, said: [...said.info, ...said.warn] });

export const where = () => `AWS with profile fixture at ${address()} (platform.profile):`;
