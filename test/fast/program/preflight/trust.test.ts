import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Server } from "node:net";
import { fixtureEnvironment } from "../support.ts";
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
  type Issued,
} from "./fakes.ts";

// Which certificates are taken: those that the providers and the pods will take, or the first
// resource of an update finds out what the preview did not.

// Whoever has issued one of these is an authority that everybody knows.
const known = vi.hoisted((): string[] => []);
vi.mock(import("node:tls"), async (original) => ({
  ...(await original()),
  rootCertificates: known,
}));

let ca: Issued, stranger: Issued, loopback: Issued;
beforeAll(async () => {
  [ca, stranger] = await Promise.all([issue("authority"), issue("stranger")]);
  loopback = await issue("loopback", "127.0.0.1", ca);
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  known.length = 0;
});

async function running<T extends Server>(server: T): Promise<T> {
  servers.push(server);
  await listen(server);
  return server;
}

/** An environment whose PostgreSQL and object store have these certificates. */
async function environment(
  of: { postgresql: Issued; s3: Issued },
  change: (platform: any) => void = () => undefined,
) {
  const api = await running(
    httpsServer(loopback, () => ({ status: 200, body: ingressClasses("traefik") })),
  );
  const s3 = await running(httpsServer(of.s3, () => ({ status: 404 })));
  const postgresql = await running(
    postgresqlServer(of.postgresql, { version: 160_009, password: hidden }, new Set()),
  );
  return fixtureEnvironment(({ platform }) => {
    platform.caBundle = ca.pem.cert;
    platform.kubernetes = {
      kubeconfig: kubeconfig(`https://127.0.0.1:${portOf(api)}`, ca.pem.cert),
      context: "one",
    };
    Object.assign(platform.postgresql, { host: "127.0.0.1", port: portOf(postgresql) });
    platform.objectStore.endpoint = `https://127.0.0.1:${portOf(s3)}`;
    change(platform);
  });
}

const unknown = (what: string) =>
  expect.stringMatching(
    `^${what} .*: its certificate is signed by an authority that is not known here \\(`,
  );

test("an unknown authority and a certificate for another host are told apart", async () => {
  const own = { postgresql: loopback, s3: loopback };
  expect(
    await refusals(await environment(own, (platform) => (platform.caBundle = stranger.pem.cert))),
  ).toEqual([unknown("PostgreSQL"), unknown("S3")]);
  const elsewhere = await issue("elsewhere", "192.0.2.1", ca);
  expect(await refusals(await environment({ ...own, s3: elsewhere }))).toEqual([
    expect.stringMatching(
      /^S3 at .*: its certificate is for another host: IP: 127\.0\.0\.1 is not in the cert's list: 192\.0\.2\.1/,
    ),
  ]);
});

test("a bundle is all that is trusted: beside it, a public authority is none", async () => {
  known.push(stranger.pem.cert);
  const publicOne = await issue("public", "127.0.0.1", stranger);
  expect(await refusals(await environment({ postgresql: loopback, s3: publicOne }))).toEqual([
    unknown("S3"),
  ]);
  expect(await refusals(await environment({ postgresql: publicOne, s3: loopback }))).toEqual([
    unknown("PostgreSQL"),
  ]);
  const both = (platform: { caBundle: string }) => (platform.caBundle += `\n${stranger.pem.cert}`);
  expect(await refusals(await environment({ postgresql: publicOne, s3: loopback }, both))).toEqual(
    [],
  );
});

test.each([
  ["verify-ca", [unknown("PostgreSQL")]],
  // As libpq has it: with authorities at hand, it checks against them.
  ["require", [unknown("PostgreSQL")]],
])("sslMode %s beside a bundle that the server's authority is not in", async (sslMode, refused) => {
  const other = await issue("other", "127.0.0.1", stranger);
  const change = (platform: { postgresql: object }) =>
    Object.assign(platform.postgresql, { sslMode });
  expect(await refusals(await environment({ postgresql: other, s3: loopback }, change))).toEqual(
    refused,
  );
  const nameless = await issue("nameless", "192.0.2.1", ca);
  expect(await refusals(await environment({ postgresql: nameless, s3: loopback }, change))).toEqual(
    [],
  );
});

test("sslMode require without a bundle takes any certificate", async () => {
  const other = await issue("other", "192.0.2.1", stranger);
  const change = (platform: { postgresql: object; caBundle?: string }) => {
    Object.assign(platform.postgresql, { sslMode: "require" });
    delete platform.caBundle;
  };
  expect(await refusals(await environment({ postgresql: other, s3: loopback }, change))).toEqual([
    unknown("S3"),
  ]);
});
