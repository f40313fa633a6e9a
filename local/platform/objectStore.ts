import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProfilePaths } from "../paths.ts";
import { certificateTexts, pair, type HealthContext, type PlatformContext } from "./context.ts";
import { expectOk, identityOf } from "./https.ts";
import type { ServiceDefinition } from "./processes.ts";
import { ensureSecret } from "./secretFiles.ts";
import { objectStoreEndpoint, objectStoreRegion, objectStoreRoot } from "./values.ts";

const healthPath = "/platform-health";

const folders = (paths: ProfilePaths): { data: string; versions: string; users: string } => ({
  data: join(paths.objectStore, "data"),
  versions: join(paths.objectStore, "versions"),
  users: join(paths.objectStore, "users"),
});

export async function objectStore({
  network,
  paths,
  tools,
}: PlatformContext): Promise<ServiceDefinition> {
  const { certificate, key } = pair(paths, "objectstore");
  const { data, versions, users } = folders(paths);
  for (const folder of [data, versions, users])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    name: "object-store",
    program: join(tools.versitygw, "versitygw"),
    args: [
      `--port=${network.nodeIp}:${network.ports.objectStore}`,
      `--region=${objectStoreRegion}`,
      `--cert=${certificate}`,
      `--key=${key}`,
      `--iam-dir=${users}`,
      // The file of users is small; a cache would let a removed user in for two more minutes.
      "--iam-cache-disable",
      `--health=${healthPath}`,
      "--quiet",
      ...["posix", `--versioning-dir=${versions}`, "--dir-perms=0700", "--file-perms=0600", data],
    ],
    // The environment, as arguments can be read by every account of the machine.
    env: {
      ROOT_ACCESS_KEY_ID: objectStoreRoot,
      ROOT_SECRET_ACCESS_KEY: await ensureSecret(paths.objectStoreRootKey),
    },
    configuration: await certificateTexts(paths, ["objectstore"]),
  };
}

export const objectStoreHealth = async ({ network, paths }: HealthContext): Promise<void> =>
  expectOk(`${objectStoreEndpoint(network)}${healthPath}`, await identityOf(paths.pki, "ca"));
