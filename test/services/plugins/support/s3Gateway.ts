// A real S3 endpoint of its own for a test: versitygw on an empty folder and a free loopback port,
// ended by its process id.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { ensureGoTool } from "../../../../local/toolchain/index.ts";
import { silentReport } from "../../../../local/report.ts";
import type { TestCertificates } from "./certificates.ts";
import { freePort } from "./postgresCluster.ts";

export interface Gateway {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  client: S3Client;
  stop(): Promise<void>;
}

/** With certificates it speaks HTTPS. */
export async function startGateway(certificates?: TestCertificates): Promise<Gateway> {
  const tool = await ensureGoTool("versitygw", silentReport);
  const folder = mkdtempSync(join(tmpdir(), "mlflow-test-s3-"));
  for (const name of ["data", "versions", "users"]) mkdirSync(join(folder, name));
  if (certificates) {
    writeFileSync(join(folder, "server.crt"), certificates.certificate);
    writeFileSync(join(folder, "server.key"), certificates.key, { mode: 0o600 });
  }
  const port = await freePort();
  const [accessKey, secretKey] = ["test-root", "secret of the test root"];
  const gateway = spawn(
    join(tool, "versitygw"),
    [
      `--port=127.0.0.1:${port}`,
      "--region=test-1",
      `--iam-dir=${join(folder, "users")}`,
      ...(certificates
        ? [`--cert=${join(folder, "server.crt")}`, `--key=${join(folder, "server.key")}`]
        : []),
      "--quiet",
      "posix",
      `--versioning-dir=${join(folder, "versions")}`,
      join(folder, "data"),
    ],
    { env: { ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey }, stdio: "ignore" },
  );
  const gone = new Promise<void>((resolve) => gateway.once("exit", () => resolve()));
  const endpoint = `${certificates ? "https" : "http"}://127.0.0.1:${port}`;
  for (let attempt = 0; !(await accepts(port)); attempt++) {
    if (attempt > 100 || gateway.exitCode !== null)
      throw new Error(`versitygw did not start (exit code ${gateway.exitCode})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const client = new S3Client({
    endpoint,
    region: "test-1",
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    ...(certificates && { requestHandler: { httpsAgent: { ca: certificates.ca } } }),
  });
  return {
    endpoint,
    accessKey,
    secretKey,
    client,
    stop: async () => {
      client.destroy();
      gateway.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const tell = (yes: boolean) => () => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", tell(true)).once("error", tell(false));
  });
}
