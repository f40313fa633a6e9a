// How the PostgreSQL stand-in checks who it talks to: the four modes of libpq, against a real
// server.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgresqlProvider } from "../../../../local/plugins/postgresql/postgresqlProvider.ts";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import { makeCertificates } from "../support/certificates.ts";
import { connect, urn } from "../support/client.ts";
import { startCluster } from "../support/postgresCluster.ts";
import type { Cluster } from "../support/postgresCluster.ts";

const at = urn("postgresql:index/role:Role", "role");
let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  const [right, other] = [await makeCertificates(), await makeCertificates()];
  cluster = await startCluster(right);
  folder = mkdtempSync(join(tmpdir(), "mlflow-test-tls-"));
  writeFileSync(join(folder, "right.pem"), right.ca);
  writeFileSync(join(folder, "other.pem"), other.ca);
}, 60_000);

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
async function outcome(sslmode: string, authority?: string, host = cluster.host): Promise<string> {
  const client = await connect(postgresqlProvider());
  try {
    const sslrootcert = authority && join(folder, authority);
    const access = {
      host,
      port: String(cluster.port),
      username: cluster.user,
      password: new Secret(cluster.password),
    };
    await client.configure({ ...access, sslmode, ...(sslrootcert && { sslrootcert }) });
    const name = `role-${count++}`;
    return (await client.create(at, { name })).id === name ? "connected" : "odd";
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
  }
}

test("require takes any certificate, but checks a given authority", async () => {
  expect(await outcome("require")).toBe("connected");
  expect(await outcome("require", "right.pem")).toBe("connected");
  expect(await outcome("require", "other.pem")).toMatch(
    /certificate is not signed by a trusted authority/,
  );
});

test("verify-ca checks the authority and not the name, verify-full both", async () => {
  expect(await outcome("verify-ca", "right.pem", "localhost")).toBe("connected");
  expect(await outcome("verify-ca", "other.pem")).toMatch(
    /certificate is not signed by a trusted authority/,
  );
  expect(await outcome("verify-full", "right.pem")).toBe("connected");
  expect(await outcome("verify-full", "other.pem")).toMatch(
    /certificate is not signed by a trusted authority/,
  );
  expect(await outcome("verify-full", "right.pem", "localhost")).toMatch(
    /certificate is for another name/,
  );
  expect(await outcome("verify-full")).toMatch(/certificate is not signed by a trusted authority/);
});

test("an authority's file that can't be read is named", async () => {
  expect(await outcome("verify-full", "absent.pem")).toMatch(
    /sslrootcert: can't read .*absent\.pem: ENOENT/,
  );
});
