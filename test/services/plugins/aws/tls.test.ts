// How the S3 stand-in checks who it talks to, against a real gateway that speaks HTTPS.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { awsProvider } from "../../../../local/plugins/aws/awsProvider.ts";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { makeCertificates } from "../support/certificates.ts";
import { connect, urn } from "../support/client.ts";
import { startGateway } from "../support/s3Gateway.ts";
import type { Gateway } from "../support/s3Gateway.ts";

let gateway: Gateway;
let folder: string;

beforeAll(async () => {
  const [right, other] = [await makeCertificates(), await makeCertificates()];
  gateway = await startGateway(right);
  folder = mkdtempSync(join(tmpdir(), "mlflow-test-tls-"));
  writeFileSync(join(folder, "right.pem"), right.ca);
  writeFileSync(join(folder, "other.pem"), other.ca);
}, 300_000);

afterAll(async () => {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
async function outcome(more: Properties): Promise<string> {
  const client = await connect(awsProvider());
  try {
    const access = {
      region: "test-1",
      accessKey: gateway.accessKey,
      secretKey: new Secret(gateway.secretKey),
      s3UsePathStyle: "true",
    };
    await client.configure({
      ...access,
      endpoints: JSON.stringify([{ s3: gateway.endpoint }]),
      ...more,
    });
    const bucket = `bucket-${count++}`;
    return (await client.create(urn("aws:s3/bucket:Bucket", "b"), { bucket })).id === bucket
      ? "connected"
      : "odd";
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
  }
}

test("only a certificate of the given authority is taken", async () => {
  expect(await outcome({ customCaBundle: join(folder, "right.pem") })).toBe("connected");
  expect(await outcome({ customCaBundle: join(folder, "other.pem") })).toMatch(
    /certificate is not signed by a trusted authority \(customCaBundle\)/,
  );
  expect(await outcome({})).toMatch(/certificate is not signed by a trusted authority/);
  expect(await outcome({ insecure: "true" })).toBe("connected");
  expect(await outcome({ customCaBundle: join(folder, "absent.pem") })).toMatch(
    /customCaBundle: can't read .*absent\.pem: ENOENT/,
  );
});
