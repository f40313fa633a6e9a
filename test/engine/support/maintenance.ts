import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import pg from "pg";
import type { Deployed } from "../../../local/commands/up.ts";
import { cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

export type MaintenanceJob = "retention" | "stale-runs";

interface Manifest {
  metadata: { name: string };
  spec: { template: { spec: { containers: { command: string[] }[] } } };
}

/**
 * What tests ask of an instance's maintenance jobs, with the very credentials that their pods have.
 */
export function maintenance({ platform }: Pick<Deployed, "platform">, namespace: string) {
  const { kubectl } = cluster({ platform });
  const inNamespace = ["--namespace", namespace];
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, output } = await kubectl([...args, ...inNamespace], input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${output}`);
    return output;
  };

  /** Values of the Secret that the pods of a part of the instance get their credentials from. */
  const secretsOf = async (
    part: MaintenanceJob | "tracking-server",
  ): Promise<Record<string, string>> => {
    const { items } = JSON.parse(
      await must([
        "get",
        "secrets",
        "--selector",
        `app.kubernetes.io/component=${part}`,
        "-o",
        "json",
      ]),
    ) as {
      items: { data: Record<string, string> }[];
    };
    if (items.length !== 1) throw new Error(`${items.length} secrets of ${part} in ${namespace}`);
    return Object.fromEntries(
      Object.entries(items[0]!.data).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  };
  const store = async (part: MaintenanceJob | "tracking-server"): Promise<S3Client> => {
    const { endpoint, region } = platform.objectStore;
    const { "access-key-id": accessKeyId = "", "secret-access-key": secretAccessKey = "" } =
      await secretsOf(part);
    const requestHandler = new NodeHttpHandler({
      httpsAgent: new Agent({ ca: await readFile(platform.caPath, "utf8") }),
    });
    return new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler,
    });
  };

  return {
    secretsOf,

    /**
     * A connection to the database as the job; another database than its own only when asked for.
     */
    async connect(job: MaintenanceJob, database?: string): Promise<pg.Client> {
      const { "backend-store-uri": stored = "" } = await secretsOf(job);
      const uri = new URL(stored.replace(/^postgresql\+\w+:/, "postgresql:"));
      const client = new pg.Client({
        host: uri.hostname,
        port: Number(uri.port),
        user: decodeURIComponent(uri.username),
        password: decodeURIComponent(uri.password),
        database: database ?? uri.pathname.slice(1),
        ssl: { ca: await readFile(platform.caPath, "utf8") },
        connectionTimeoutMillis: 10_000,
      });
      await client.connect();
      return client;
    },

    /** A client of the object store with the job's key. */
    objectStore: (job: MaintenanceJob): Promise<S3Client> => store(job),
    /** A client of the object store with the key of the instance's server. */
    serverObjectStore: (): Promise<S3Client> => store("tracking-server"),

    /**
     * Runs a Python program in a pod of the CronJob's template, with its account, network and
     * environment; gives what it printed.
     */
    async python(job: MaintenanceJob, program: string): Promise<string> {
      const name = `test-${job}-${Date.now()}`;
      const manifest = JSON.parse(
        await must([
          "create",
          "job",
          name,
          `--from=cronjob/${job}`,
          "--dry-run=client",
          "-o",
          "json",
        ]),
      ) as Manifest;
      manifest.spec.template.spec.containers[0]!.command = ["python3", "-c", program];
      await must(["create", "-f", "-"], JSON.stringify(manifest));
      try {
        let ended = { succeeded: 0, failed: 0 };
        await eventually(120_000, async () => {
          const { status } = JSON.parse(await must(["get", "job", name, "-o", "json"])) as {
            status: Partial<typeof ended>;
          };
          ended = { succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 };
          if (ended.succeeded + ended.failed === 0) throw new Error(`job ${name} has not ended`);
        });
        const said = (await must(["logs", `job/${name}`])).trim();
        if (ended.failed > 0) throw new Error(`job ${name} failed: ${said}`);
        return said;
      } finally {
        await must(["delete", "job", name, "--wait=false"]);
      }
    },
  };
}
