import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { healthContext, pair } from "../../../local/platform/context.ts";
import type { Profile } from "../../../local/paths.ts";
import { https } from "./http.ts";

const port = 9443;
const script = join(import.meta.dirname, "../scripts/oidcProvider.ts");

/** A signed token's issuer on the node of the embedded platform, where pods can reach it. */
export function oidcIssuer(profile: Profile) {
  const { network, paths } = healthContext(profile);
  // The certificate of another service on the node: the issuer has the same address.
  const tls = pair(paths, "objectstore");
  const url = `https://${network.nodeIp}:${port}`;
  const client = { id: "job-training", secret: randomBytes(24).toString("hex") };
  const keys = [
    { alg: "RS256", ...generateKeyPairSync("rsa", { modulusLength: 2048 }) },
    { alg: "ES256", ...generateKeyPairSync("ec", { namedCurve: "P-256" }) },
  ].map(({ alg, privateKey }) => ({
    ...privateKey.export({ format: "jwk" }),
    alg,
    kid: alg,
    use: "sig",
  }));
  let stop = async (): Promise<void> => undefined;

  return {
    url,
    port,
    cidr: `${network.nodeIp}/32`,
    /** Starts it, or starts it again with another of its keys for what it signs. */
    async start(algorithm: "RS256" | "ES256"): Promise<void> {
      await stop();
      const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-issuer-"));
      const configuration = join(folder, "configuration.json");
      const text = JSON.stringify({
        url,
        ...tls,
        algorithm,
        jwks: { keys },
        clients: [client],
      });
      await writeFile(configuration, text, { mode: 0o600 });
      const server = spawn(
        "nsenter",
        [`--net=/run/netns/${network.namespace}`, process.execPath, script, configuration],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      const gone = new Promise<void>((resolve) => server.once("exit", () => resolve()));
      stop = async () => {
        server.kill("SIGTERM");
        await gone;
        await rm(folder, { recursive: true, force: true });
      };
      await new Promise<void>((resolve, reject) => {
        server.stdout.once("data", () => resolve());
        server.once("error", reject);
        void gone.then(() => reject(new Error("the issuer ended before it was ready")));
      });
    },
    stop: () => stop(),
    /** A job's token for one audience. */
    async token(audience: string, caPath: string): Promise<string> {
      const basic = Buffer.from(`${client.id}:${client.secret}`).toString("base64");
      const answer = await https(`${url}/token`, {
        method: "POST",
        caPath,
        headers: { authorization: `Basic ${basic}` },
        form: { grant_type: "client_credentials", resource: audience },
      });
      const { access_token: token } = JSON.parse(answer.body) as { access_token?: string };
      if (token === undefined) throw new Error(answer.body);
      return token;
    },
  };
}
