import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { certificatePath, keyPath } from "./certificates.ts";

/**
 * A kubeconfig of one context with all certificates inside, so that the file alone is enough. JSON
 * is YAML.
 */
export function kubeconfigText(values: {
  name: string;
  server: string;
  ca: string;
  certificate: string;
  key: string;
}): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const { name } = values;
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name,
          cluster: { server: values.server, "certificate-authority-data": base64(values.ca) },
        },
      ],
      users: [
        {
          name,
          user: {
            "client-certificate-data": base64(values.certificate),
            "client-key-data": base64(values.key),
          },
        },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    },
    undefined,
    2,
  )}\n`;
}

/** Writes the kubeconfig of one identity, readable by root only. Returns its text. */
export async function writeKubeconfig(
  path: string,
  pki: string,
  values: { name: string; server: string; identity: string },
): Promise<string> {
  const [ca, certificate, key] = await Promise.all([
    readFile(certificatePath(pki, "cluster-ca"), "utf8"),
    readFile(certificatePath(pki, values.identity), "utf8"),
    readFile(keyPath(pki, values.identity), "utf8"),
  ]);
  const text = kubeconfigText({ name: values.name, server: values.server, ca, certificate, key });
  await writeSecretFile(path, text);
  return text;
}

export async function writeSecretFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  const draft = `${path}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}
