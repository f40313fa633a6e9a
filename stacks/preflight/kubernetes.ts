import { request, type RequestOptions } from "node:https";
import { readContext, loginOf, type Context } from "./kubeconfig.ts";
import { line, Lines, Reason, wordsFor, type Check } from "./check.ts";
import { hostOfUrl } from "../platforms/shared.ts";
import { probeHttps, type Probe } from "./probes.ts";

const path = "platform.kubernetes";
const what = "The Kubernetes API server";

/** Whether a context's API server answers, and knows the ingress class. */
export function kubernetesCheck({ kubeconfig, context }: { kubeconfig: string; context: string }, ingressClass: string): Check {
  try {
    const found = readContext(kubeconfig, context);
    return { what, where: found.cluster.server, path, run: (probe) => askCluster(found, ingressClass, probe) };
  } catch (error) {
    const reason = new Reason(wordsFor(error as NodeJS.ErrnoException));
    return { what, where: `context ${context} of ${kubeconfig}`, path, run: () => Promise.reject(reason) };
  }
}

/** The same for a cluster that is known by now. Gives a note where nobody could ask for the classes. */
export async function askCluster(context: Context, ingressClass: string, probe: Probe): Promise<string | undefined> {
  const { server, ca, insecure, serverName } = context.cluster;
  const tls = { ca, rejectUnauthorized: !insecure, servername: serverName };
  // Behind a proxy of many clusters the address has a path of its own.
  const at = (path: string) => new URL(server.replace(/\/*$/, path));
  await probeHttps(probe, { url: at("/version"), ...tls });
  const unchecked = (why: string) => `Whether the cluster has the ingress class ${ingressClass} was not checked: ${why}.`;
  const login = await loginOf(context, probe.signal);
  if (login === undefined) return unchecked("the context has no login by certificate, token or command");

  const { token, cert, key } = login;
  const answer = await get(at("/apis/networking.k8s.io/v1/ingressclasses"), {
    signal: probe.signal,
    headers: { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    rejectUnauthorized: !insecure,
    ...(cert === undefined ? {} : { cert, key }),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  if (answer.status === 401) throw new Reason("it does not accept the login of that context");
  if (answer.status === 403) return unchecked("the login may not list ingressclasses.networking.k8s.io");
  if (answer.status !== 200) return unchecked(`asked for its classes, the API server answers with HTTP status ${answer.status}`);
  const { items } = JSON.parse(answer.body) as { items?: { metadata?: { name?: string } }[] };
  const names = (items ?? []).flatMap((item) => item.metadata?.name ?? []).sort();
  if (names.includes(ingressClass)) return undefined;
  const asked = { what: `The ingress class "${ingressClass}"`, where: server, path: "platform.ingress.className" };
  throw new Lines([line(asked, `the cluster has no such class; it has ${names.join(", ") || "none"}`)]);
}

const get = (url: URL, options: RequestOptions): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      { ...options, host: hostOfUrl(url.href), port: url.port || 443, path: url.pathname, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        answer.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
