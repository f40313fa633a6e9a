import "reflect-metadata";
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type * as x509 from "@peculiar/x509";
import { execa } from "execa";
import {
  authorities,
  expectedNames,
  expectedSubject,
  type AuthorityName,
  type CertificateSpec,
} from "./certificateSpecs.ts";

const day = 24 * 3600 * 1000;
const authorityDays = 3650;
/** Browsers refuse server certificates that live longer than 398 days. */
const certificateDays = 397;
/**
 * Renewed at a start when this little is left: a platform that runs for a month without a start is
 * rare, one that stands for a year is not renewed.
 */
const renewalDays = 60;

export const certificatePath = (folder: string, name: string): string =>
  join(folder, `${name}.crt`);
export const keyPath = (folder: string, name: string): string => join(folder, `${name}.key`);

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(certificatePath(folder, name), "utf8"),
      readFile(keyPath(folder, name), "utf8"),
    ]);
    return { certificate, key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeFileAtomically(
  path: string,
  text: string,
  mode: number,
  owner?: string,
): Promise<void> {
  const draft = `${path}.draft`;
  await writeFile(draft, text, { mode });
  await chmod(draft, mode);
  if (owner !== undefined) {
    const { stdout } = await execa("id", ["-u", owner]);
    await chown(draft, Number(stdout), 0);
  }
  await rename(draft, path);
}

/**
 * The key first: a certificate without its key is made again, a key without its certificate too.
 */
async function writePair(folder: string, name: string, pair: Pair, owner?: string): Promise<void> {
  await writeFileAtomically(keyPath(folder, name), pair.key, 0o600, owner);
  await writeFileAtomically(certificatePath(folder, name), pair.certificate, 0o644);
}

function stillGood(pair: Pair, now: Date): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pair.certificate);
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return undefined;
    const started = Date.parse(certificate.validFrom) <= now.getTime();
    return started && Date.parse(certificate.validTo) - now.getTime() > renewalDays * day
      ? certificate
      : undefined;
  } catch {
    return undefined; // cut off while it was written
  }
}

/**
 * Whether the pair is what the spec asks for, signed by this authority and valid for long enough.
 */
export function isCurrent(
  pair: Pair,
  spec: CertificateSpec,
  authority: X509Certificate,
  now: Date,
): boolean {
  const certificate = stillGood(pair, now);
  return (
    certificate !== undefined &&
    certificate.subject === expectedSubject(spec) &&
    certificate.subjectAltName === expectedNames(spec) &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey)
  );
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function exportKey(key: CryptoKey): Promise<string> {
  return createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)),
    format: "der",
    type: "pkcs8",
  })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}

/** The library takes a while to load and is needed only when something is made. */
async function library(): Promise<typeof x509> {
  const loaded = await import("@peculiar/x509");
  loaded.cryptoProvider.set(webcrypto as Crypto);
  return loaded;
}

/** First bit zero: the number must be positive. */
const serialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
};

const validity = (days: number, now: Date): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now.getTime() - day), // clocks differ
  notAfter: new Date(now.getTime() + days * day),
});

export async function createAuthority(commonName: string, now: Date): Promise<Pair> {
  const x = await library();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(authorityDays, now),
    signingAlgorithm: algorithm,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x.BasicConstraintsExtension(true, undefined, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.keyCertSign | x.KeyUsageFlags.cRLSign, true),
      await x.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
    ],
  });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: await exportKey(keys.privateKey as CryptoKey),
  };
}

export async function createCertificate(
  spec: CertificateSpec,
  authority: Pair,
  now: Date,
): Promise<Pair> {
  const x = await library();
  const issuer = new x.X509Certificate(authority.certificate);
  const der = createPrivateKey(authority.key).export({ format: "der", type: "pkcs8" });
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const usages = { server: x.ExtendedKeyUsage.serverAuth, client: x.ExtendedKeyUsage.clientAuth };
  const names = [
    ...spec.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...spec.addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [
      ...(spec.organization === undefined ? [] : [{ O: [spec.organization] }]),
      { CN: [spec.commonName] },
    ],
    issuer: issuer.subjectName.toJSON(),
    ...validity(certificateDays, now),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey as CryptoKey,
    signingKey: signingKey as CryptoKey,
    extensions: [
      new x.BasicConstraintsExtension(false, undefined, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.digitalSignature, true),
      new x.ExtendedKeyUsageExtension(spec.usages.map((usage) => usages[usage])),
      ...(names.length === 0 ? [] : [new x.SubjectAlternativeNameExtension(names)]),
      await x.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
      await x.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: await exportKey(keys.privateKey as CryptoKey),
  };
}

/**
 * Makes every certificate and key that is missing, near its end, or no longer what is asked for.
 * What is good stays: services need not restart.
 */
export async function ensureCertificates(
  folder: string,
  specs: readonly CertificateSpec[],
  now = new Date(),
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const signers = new Map<AuthorityName, Pair>();
  for (const [name, commonName] of Object.entries(authorities) as [AuthorityName, string][]) {
    let pair = await readPair(folder, name);
    if (pair === undefined || stillGood(pair, now) === undefined) {
      pair = await createAuthority(commonName, now);
      await writePair(folder, name, pair);
    }
    signers.set(name, pair);
  }
  for (const spec of specs) {
    const signer = signers.get(spec.authority);
    if (signer === undefined) throw new Error(`No authority ${spec.authority}`);
    const pair = await readPair(folder, spec.name);
    if (pair !== undefined && isCurrent(pair, spec, new X509Certificate(signer.certificate), now))
      continue;
    await writePair(folder, spec.name, await createCertificate(spec, signer, now), spec.owner);
  }
  await ensureServiceAccountKey(folder);
}

/** Signs the tokens of Kubernetes service accounts. */
async function ensureServiceAccountKey(folder: string): Promise<void> {
  const path = keyPath(folder, "service-accounts");
  const present = await readFile(path, "utf8").catch(() => undefined);
  if (present !== undefined) return;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFileAtomically(
    path,
    privateKey.export({ format: "pem", type: "sec1" }).toString(),
    0o600,
  );
}
