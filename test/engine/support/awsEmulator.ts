// Plays AWS for a test: moto's server (S3, IAM, STS, EKS, Route 53) over TLS on a free port, ended
// by its process id.
import { spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createReport, type Report } from "../../../local/report.ts";
import { boundChild } from "../../../local/toolchain/boundChild.ts";
import { ensurePythonEnvironment } from "../../../local/toolchain/pythonEnvironment.ts";
import { makeCertificates } from "../../services/plugins/support/certificates.ts";
import { freePort } from "../../services/plugins/support/postgresCluster.ts";

const motoVersion = "5.2.5";
/** The account that moto gives to a key that it doesn't know. */
export const emulatedAccount = "123456789012";

export interface AwsEmulator {
  /** https address of every service. */
  readonly endpoint: string;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
  /** File with that PEM. */
  readonly caPath: string;
  /**
   * From now on each request needs an identity policy that allows it; before, everything is
   * allowed.
   */
  enforceIam(): Promise<void>;
  /** Every request is allowed again. */
  allowAll(): Promise<void>;
  stop(): Promise<void>;
}

/** A Python with moto in it. */
const ensureMoto = (report: Report): Promise<string> =>
  ensurePythonEnvironment(
    {
      what: `moto ${motoVersion}, the AWS emulator of the tests`,
      folderName: `moto-${motoVersion}`,
      requirementsPath: join(import.meta.dirname, "../../fixtures/aws/moto/requirements.txt"),
      diskNeeded: 300 * 1024 ** 2,
      check: {
        program: "import moto.server, moto.s3.models, moto.iam.models; print(moto.__version__)",
        printed: motoVersion,
      },
    },
    report,
  );

interface EmulatorOptions {
  /** Where it listens. Default: loopback. */
  address?: string;
  /**
   * Network namespace that this address is in, such as an embedded platform's, whose pods then
   * reach it. Default: the host's.
   */
  networkNamespace?: string;
}

export async function startAwsEmulator({
  address = "127.0.0.1",
  networkNamespace,
}: EmulatorOptions = {}): Promise<AwsEmulator> {
  const report = createReport();
  const python = await ensureMoto(report);
  return report.step("Start moto in place of AWS", async () => {
    const certificates = await makeCertificates([{ type: "ip", value: address }]);
    const folder = await mkdtemp(join(tmpdir(), "mlflow-test-aws-"));
    const [caPath, certificatePath, keyPath] = [
      join(folder, "ca.pem"),
      join(folder, "server.pem"),
      join(folder, "server.key"),
    ];
    await writeFile(caPath, certificates.ca);
    await writeFile(certificatePath, certificates.certificate);
    await writeFile(keyPath, certificates.key, { mode: 0o600 });
    const port = await freePort();
    const log = await open(join(folder, "log"), "w");
    const command = [
      python,
      "-m",
      "moto.server",
      "-H",
      address,
      "-p",
      String(port),
      "-c",
      certificatePath,
      "-k",
      keyPath,
    ];
    const [program = "", ...args] =
      networkNamespace === undefined
        ? command
        : ["nsenter", `--net=/run/netns/${networkNamespace}`, ...command];
    const server = spawn(...boundChild(program, args), {
      cwd: folder,
      stdio: ["ignore", log.fd, log.fd],
      env: {
        PATH: process.env["PATH"],
        // Its own signed requests go to itself; whatever credentials this machine has stay out of
        // it.
        AWS_ACCESS_KEY_ID: "moto",
        AWS_SECRET_ACCESS_KEY: "moto",
        AWS_EC2_METADATA_DISABLED: "true",
        // A request whose host is an address is of path style.
        S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true",
      },
    });
    await log.close();
    const gone = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    const endpoint = `https://${address}:${port}`;
    const api = (path: string, body?: string) =>
      post(`${endpoint}/moto-api/${path}`, certificates.ca, body);
    const stop = async (): Promise<void> => {
      server.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true });
    };
    for (let attempt = 0; ; attempt++) {
      if (server.exitCode !== null || server.signalCode !== null || attempt > 300) {
        const said = await readFile(join(folder, "log"), "utf8");
        await stop();
        throw new Error(`moto did not start:\n${said}`);
      }
      if (await api("reset").catch(() => false)) break;
      await sleep(100);
    }
    return {
      endpoint,
      ca: certificates.ca,
      caPath,
      enforceIam: async () => void (await api("reset-auth", "0")),
      allowAll: async () => void (await api("reset-auth", "1e9")),
      stop,
    };
  });
}

const post = (url: string, ca: string, body = ""): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "POST", ca, timeout: 5000, headers: { "content-length": Buffer.byteLength(body) } },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode === 200));
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${url}: no answer within 5 s`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
