import type { Input } from "@pulumi/pulumi";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { secretFileMode } from "./podSecurity.ts";

type EnvVar = input.core.v1.EnvVar;
type Volume = input.core.v1.Volume;
type VolumeMount = input.core.v1.VolumeMount;

/** Keys of the credentials secret. */
export const credentialKeys = {
  backendUri: "backend-store-uri",
  accessKeyId: "access-key-id",
  secretAccessKey: "secret-access-key",
  webhookKey: "webhook-encryption-key",
  keyPassphrase: "key-encryption-passphrase",
} as const;

const caFolder = "/etc/mlflow-instance/ca";
export const caKey = "ca.crt";

/**
 * Folder of the token file; a folder and not a `subPath`, because only a folder follows the
 * secret's changes.
 */
export const tokenFolder = "/etc/mlflow-instance/tokens";
export const tokenKey = "tokens.json";
/** In the same folder. */
export const workloadsKey = "workloads.json";

/** The bundle that verifies database and object store: the given one, else the image's own. */
export function caFile(caGiven: boolean): string {
  return caGiven ? `${caFolder}/${caKey}` : "/etc/ssl/certs/ca-certificates.crt";
}

/**
 * A container that failed leaves the end of its log in its status, unless it wrote a message.
 * Without it, a Job that fails is reported as an exit code alone.
 */
export const failureMessage = { terminationMessagePolicy: "FallbackToLogsOnError" } as const;

/** Names of the Secrets by which a node pulls the image; nothing where there are none. */
export const pullSecrets = (
  names: readonly Input<string>[],
): { imagePullSecrets?: { name: Input<string> }[] } =>
  names.length === 0 ? {} : { imagePullSecrets: names.map((name) => ({ name })) };

export function plainEnv(values: Record<string, Input<string>>): EnvVar[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

export function secretEnv(secretName: Input<string>, keys: Record<string, string>): EnvVar[] {
  return Object.entries(keys).map(([name, key]) => ({
    name,
    valueFrom: { secretKeyRef: { name: secretName, key } },
  }));
}

/**
 * The only writable folder. Uploads and downloads are streamed and do not touch it; its limit is
 * for what libraries write there.
 */
export function temporaryVolume(sizeLimit: string): { volume: Volume; mount: VolumeMount } {
  return {
    volume: { name: "tmp", emptyDir: { sizeLimit } },
    mount: { name: "tmp", mountPath: "/tmp" },
  };
}

export function caVolume(configMapName: Input<string>): { volume: Volume; mount: VolumeMount } {
  return {
    volume: { name: "ca", configMap: { name: configMapName } },
    mount: { name: "ca", mountPath: caFolder, readOnly: true },
  };
}

export function tokenVolume(secretName: string): { volume: Volume; mount: VolumeMount } {
  return {
    volume: { name: "tokens", secret: { secretName, defaultMode: secretFileMode } },
    mount: { name: "tokens", mountPath: tokenFolder, readOnly: true },
  };
}
