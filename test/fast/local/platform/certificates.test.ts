import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { profileNetwork } from "../../../../local/paths.ts";
import {
  certificatePath,
  createAuthority,
  createCertificate,
  ensureCertificates,
  isCurrent,
  keyPath,
} from "../../../../local/platform/certificates.ts";
import {
  certificateSpecs,
  expectedNames,
  type CertificateSpec,
} from "../../../../local/platform/certificateSpecs.ts";

const network = profileNetwork("test");
// PostgreSQL's account exists only where its package is; giving the key to it is seen when the
// platform starts.
const specs = certificateSpecs(network);
const day = 24 * 3600 * 1000;
const now = new Date();
const server = specs.find(({ name }) => name === "ingress") as CertificateSpec;

test("an authority signs what the runtime's own checks accept, for the names of the spec and no other", async () => {
  const authority = await createAuthority("Test CA", now);
  const { certificate, key } = await createCertificate(server, authority, now);
  const [leaf, signer] = [
    new X509Certificate(certificate),
    new X509Certificate(authority.certificate),
  ];
  expect(leaf.verify(signer.publicKey)).toBe(true);
  expect(leaf.checkIssued(signer)).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(signer.ca).toBe(true);
  expect(leaf.checkHost(`a.${network.domain}`)).toBeDefined();
  expect(leaf.checkHost("a.example.com")).toBeUndefined();
  expect(leaf.checkHost(`a.b.${network.domain}`)).toBeUndefined();
  expect(isCurrent({ certificate, key }, server, signer, now)).toBe(true);
});

test("browsers' limit of 398 days is kept", async () => {
  const { certificate } = await createCertificate(
    server,
    await createAuthority("Test CA", now),
    now,
  );
  const { validFrom, validTo } = new X509Certificate(certificate);
  expect((Date.parse(validTo) - Date.parse(validFrom)) / day).toBeLessThanOrEqual(398);
});

test("a certificate is made again when it nears its end, changes its names, its key or its authority", async () => {
  const [authority, other] = await Promise.all([
    createAuthority("Test CA", now),
    createAuthority("Test CA", now),
  ]);
  const pair = await createCertificate(server, authority, now);
  const signer = new X509Certificate(authority.certificate);
  expect(isCurrent(pair, server, signer, new Date(now.getTime() + 330 * day))).toBe(true);
  expect(isCurrent(pair, server, signer, new Date(now.getTime() + 340 * day))).toBe(false);
  expect(isCurrent(pair, server, signer, new Date(now.getTime() - 10 * day))).toBe(false);
  expect(isCurrent(pair, { ...server, dnsNames: ["x.test"] }, signer, now)).toBe(false);
  expect(isCurrent({ ...pair, key: other.key }, server, signer, now)).toBe(false);
  expect(isCurrent(pair, server, new X509Certificate(other.certificate), now)).toBe(false);
  expect(
    isCurrent({ ...pair, certificate: pair.certificate.slice(0, 200) }, server, signer, now),
  ).toBe(false);
});

test("a client certificate can't serve and an authority's certificate opens nothing of another's", () => {
  for (const spec of specs) {
    if (spec.authority === "ca") expect(spec.usages, spec.name).toEqual(["server"]);
    if (spec.usages.includes("server")) expect(expectedNames(spec), spec.name).toBeDefined();
    else expect(expectedNames(spec), spec.name).toBeUndefined();
  }
  expect(
    specs.filter(({ organization }) => organization === "system:masters").map(({ name }) => name),
  ).toEqual(["admin"]);
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pki-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a second start keeps every file, a broken one is replaced alone, keys are the owner's only", async () => {
  const own = specs.map(({ owner: _owner, ...spec }) => spec);
  const read = async (): Promise<Map<string, string>> =>
    new Map(
      await Promise.all(
        (await readdir(folder)).map(
          async (name) => [name, await readFile(join(folder, name), "utf8")] as const,
        ),
      ),
    );
  await ensureCertificates(folder, own, now);
  const first = await read();
  expect(first.size).toBe((own.length + 3) * 2 + 1);
  for (const name of first.keys())
    if (name.endsWith(".key"))
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
  await ensureCertificates(folder, own, now);
  expect(await read()).toEqual(first);
  await writeFile(certificatePath(folder, "admin"), "cut");
  await rm(keyPath(folder, "etcd"));
  await ensureCertificates(folder, own, now);
  const changed = [...(await read())]
    .filter(([name, text]) => first.get(name) !== text)
    .map(([name]) => name);
  expect(changed.sort()).toEqual(["admin.crt", "admin.key", "etcd.crt", "etcd.key"]);
});
