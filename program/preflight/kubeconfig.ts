import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { Reason } from "./check.ts";
import type { Cluster, Context, Values } from "./context.ts";
import { proxyUrl } from "./proxy.ts";

// As much of a kubeconfig as one question to the API server needs. The library that knows all of it
// takes more than a second to load, and this is asked in every preview.

type Named = { name?: string; context?: Values; cluster?: Values; user?: Values };

/** Reads a context from a file. */
export function readContext(file: string, context: string): Context {
  try {
    return contextOf(readFileSync(file, "utf8"), context, dirname(resolve(file)));
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" &&
      (error as NodeJS.ErrnoException).path === file
      ? new Reason("there is no such kubeconfig file")
      : error;
  }
}

/** What a context of a kubeconfig means. */
export function contextOf(kubeconfig: string, context: string, folder = "."): Context {
  const file = parsed(kubeconfig);
  const contexts = file?.contexts ?? [];
  const found = contexts.find(({ name }) => name === context);
  if (!found)
    throw new Reason(
      `there is no such context; the file has ${contexts.map(({ name }) => name).join(", ") || "none"}`,
    );
  const named = text(found.context?.["cluster"]);
  const cluster = file?.clusters?.find(({ name }) => name === named)?.cluster;
  if (typeof cluster?.["server"] !== "string")
    throw new Reason(`the context's cluster "${named}" has no server`);
  const proxy = text(cluster["proxy-url"]);
  const user = file?.users?.find(({ name }) => name === found.context?.["user"])?.user ?? {};
  return {
    cluster: {
      server: cluster["server"],
      ca: pem(cluster, "certificate-authority", folder),
      insecure: cluster["insecure-skip-tls-verify"] === true,
      serverName: text(cluster["tls-server-name"]),
      ...(proxy === undefined ? {} : { proxy: proxyUrl(proxy, `proxy-url of cluster "${named}"`) }),
    },
    user,
    folder,
  };
}

function parsed(
  kubeconfig: string,
): { contexts?: Named[]; clusters?: Named[]; users?: Named[] } | null {
  try {
    return parse(kubeconfig) as ReturnType<typeof parsed>;
  } catch (error) {
    // After its first line the parser shows the place in the file, where a token or a key may
    // stand.
    throw new Reason(
      `the kubeconfig file is no YAML: ${(error as Error).message.split("\n", 1)[0]?.replace(/:$/, "")}`,
    );
  }
}

/** What proves to the API server who asks. */
export interface Login {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The login of a context; nothing where it has one of a kind that only the library knows. */
export async function loginOf(
  { user, cluster, folder }: Context,
  signal: AbortSignal,
): Promise<Login | undefined> {
  const [cert, key] = [pem(user, "client-certificate", folder), pem(user, "client-key", folder)];
  if (cert !== undefined && key !== undefined) return { cert, key };
  const token = text(user["token"]) ?? contentsOf(text(user["tokenFile"]), folder)?.trim();
  if (token !== undefined) return { token };
  const exec = user["exec"] as Exec | undefined;
  return typeof exec?.command === "string"
    ? loginByCommand(exec, cluster, folder, signal)
    : undefined;
}

interface Exec {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { name: string; value: string }[] | null;
  readonly apiVersion?: string;
  readonly provideClusterInfo?: boolean;
}

interface ExecCredential {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
  };
}

// A command that prints a short-lived login, such as `aws eks get-token`.
async function loginByCommand(
  exec: Exec,
  cluster: Cluster,
  folder: string,
  signal: AbortSignal,
): Promise<Login> {
  const info = {
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true
        ? {
            cluster: {
              server: cluster.server,
              "certificate-authority-data": base64(cluster.ca),
              "tls-server-name": cluster.serverName,
            },
          }
        : {}),
    },
  };
  const env = {
    ...process.env,
    ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
  };
  // As client-go does it: a path is relative to the file, a name is looked up.
  const command = exec.command.includes("/") ? resolve(folder, exec.command) : exec.command;
  try {
    const { stdout } = await promisify(execFile)(command, [...(exec.args ?? [])], {
      env: { ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      signal,
    });
    const { status } = JSON.parse(stdout) as ExecCredential;
    if (status?.token !== undefined) return { token: status.token };
    if (status?.clientCertificateData !== undefined && status.clientKeyData !== undefined)
      return { cert: status.clientCertificateData, key: status.clientKeyData };
  } catch (error) {
    const { code, stderr, name } = error as NodeJS.ErrnoException & { stderr?: string };
    if (name === "AbortError") throw error;
    if (code === "ENOENT")
      throw new Reason(`its login asks the command ${exec.command}, which is not on this machine`);
    // Standard error is for people; the credential is on standard output, which is never shown.
    const said = stderr?.trim().split("\n").at(-1);
    throw new Reason(
      `its login, the command ${exec.command}, fails${said ? `: ${said.slice(0, 300)}` : ""}`,
    );
  }
  throw new Reason(
    `its login, the command ${exec.command}, gives neither a token nor a certificate`,
  );
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const base64 = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString("base64");

const contentsOf = (file: string | undefined, folder: string): string | undefined =>
  file === undefined ? undefined : readFileSync(resolve(folder, file), "utf8");

// Each certificate and key is given as base64, or as a path.
function pem(values: Values, key: string, folder: string): string | undefined {
  const data = text(values[`${key}-data`]);
  return data === undefined
    ? contentsOf(text(values[key]), folder)
    : Buffer.from(data, "base64").toString();
}
