// A real S3 endpoint of its own for a test: versitygw on an empty folder and a free loopback port, ended by its process id.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { ensureGoTool } from "../../../local/toolchain/index.ts";
import { silentReport } from "../../../local/report.ts";
import { freePort } from "./postgresCluster.ts";

export interface Gateway {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  client: S3Client;
  stop(): Promise<void>;
}

export async function startGateway(): Promise<Gateway> {
  const tool = await ensureGoTool("versitygw", silentReport);
  const folder = mkdtempSync(join(tmpdir(), "mlflow-test-s3-"));
  for (const name of ["data", "versions", "users"]) mkdirSync(join(folder, name));
  const port = await freePort();
  const [accessKey, secretKey] = ["test-root", "secret of the test root"];
  const gateway = spawn(
    join(tool, "versitygw"),
    [
      `--port=127.0.0.1:${port}`,
      "--region=test-1",
      `--iam-dir=${join(folder, "users")}`,
      "--health=/health",
      "--quiet",
      "posix",
      `--versioning-dir=${join(folder, "versions")}`,
      join(folder, "data"),
    ],
    { env: { ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey }, stdio: "ignore" },
  );
  const gone = new Promise<void>((resolve) => gateway.once("exit", () => resolve()));
  const endpoint = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    try {
      if ((await fetch(`${endpoint}/health`)).ok) break;
    } catch (error) {
      if (attempt > 100 || gateway.exitCode !== null) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const client = new S3Client({
    endpoint,
    region: "test-1",
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
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
