// Passwords reach the server as a SCRAM-SHA-256 verifier made here: the clear text would stand in
// the server's log whenever it logs statements. A verifier can't be used to log in.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const iterations = 4096;

export function scramVerifier(
  password: string,
  salt: Buffer = randomBytes(16),
  rounds = iterations,
): string {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, rounds, 32, "sha256");
  const storedKey = createHash("sha256")
    .update(createHmac("sha256", salted).update("Client Key").digest())
    .digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

/** Already hashed by the caller? */
export function isHashed(password: string): boolean {
  return /^md5[0-9a-f]{32}$/.test(password) || password.startsWith("SCRAM-SHA-256$");
}

/** Does the server's stored form belong to this password? */
export function matchesStored(password: string, stored: string, role: string): boolean {
  if (password === stored) return true;
  if (stored.startsWith("md5"))
    return equal(
      stored,
      `md5${createHash("md5")
        .update(password + role)
        .digest("hex")}`,
    );
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored);
  return (
    parts !== null &&
    equal(stored, scramVerifier(password, Buffer.from(parts[2]!, "base64"), Number(parts[1])))
  );
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
