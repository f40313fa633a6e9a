import { isIP } from "node:net";

export function isLabelValue(text: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(text);
}

/** Whether Kubernetes accepts the text as an object's name. */
export function isObjectName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)
  );
}

/** A namespace's name, and a part of other names. */
export const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** The name of a Gateway or of a listener: labels with dots between them, 253 characters at most. */
export const dnsSubdomain =
  /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;

/**
 * Narrower than the tags of other services, and refused only when half of the resources are there.
 */
export function isTagValue(text: string): boolean {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u.test(text);
}

export const tagRule =
  "must be 1 to 256 letters, digits, spaces and _ . : / = + - @, as RDS and IAM take them in a tag";

export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
  );
}

export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === ""
  );
}

export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const family = isIP(address);
  return (
    rest.length === 0 &&
    family !== 0 &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (family === 4 ? 32 : 128)
  );
}

/** Whether `text` is a version of three numbers that is not below `least`. */
export function isVersionAtLeast(text: string, least: string): boolean {
  if (!/^\d+\.\d+\.\d+$/.test(text)) return false;
  const ours = text.split(".").map(Number);
  const theirs = least.split(".").map(Number);
  for (const [index, part] of theirs.entries()) {
    const difference = (ours[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
