import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pair, type PlatformContext } from "./context.ts";
import type { KubernetesApi } from "./kubernetesApi.ts";
import { versions } from "../toolchain/pins.ts";
import { gateway } from "./values.ts";

// The Gateway API beside the ingress class: the same Traefik serves both, so that an instance can
// be tried in either way.

interface ApiObject {
  readonly path: string;
  readonly object: object;
}

const group = "/apis/gateway.networking.k8s.io/v1";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const version = "gateway.networking.k8s.io/bundle-version";
const certificateSecret = "wildcard-certificate";

/** Applied last, so that it has the version of all: the others are up to 600 KiB. */
const mark = "gatewayclasses.gateway.networking.k8s.io";

/** Applies the definitions, unless the cluster has this version of them. Returns whether it did. */
async function applyDefinitions(api: KubernetesApi, folder: string): Promise<boolean> {
  const path = (name: string): string => `${definitions}/${name}`;
  const present = await api.get<Definition>(path(mark));
  if (present?.metadata.annotations[version] === `v${versions.gatewayApi}`) return false;
  const apply = async (name: string): Promise<void> =>
    api.apply(
      path(name),
      JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as object,
    );
  const names = (await readdir(folder)).map((file) => basename(file, ".json"));
  await Promise.all(names.filter((name) => name !== mark).map(apply));
  await apply(mark);
  return true;
}

interface Definition {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
}

/** Traefik takes a listener for an entry point by its port. */
export const gatewayObjects = (
  { network }: Pick<PlatformContext, "network">,
  certificate: { readonly certificate: string; readonly key: string },
): ApiObject[] => [
  {
    path: `${group}/gatewayclasses/traefik`,
    object: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "traefik" },
      spec: { controllerName: "traefik.io/gateway-controller" },
    },
  },
  {
    path: `/api/v1/namespaces/${gateway.namespace}`,
    object: { apiVersion: "v1", kind: "Namespace", metadata: { name: gateway.namespace } },
  },
  {
    path: `/api/v1/namespaces/${gateway.namespace}/secrets/${certificateSecret}`,
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: certificateSecret, namespace: gateway.namespace },
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": certificate.certificate, "tls.key": certificate.key },
    },
  },
  {
    path: `${group}/namespaces/${gateway.namespace}/gateways/${gateway.name}`,
    object: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: gateway.name, namespace: gateway.namespace },
      spec: {
        gatewayClassName: "traefik",
        listeners: [
          {
            name: gateway.listener,
            hostname: `*.${network.domain}`,
            port: network.ports.https,
            protocol: "HTTPS",
            tls: { mode: "Terminate", certificateRefs: [{ name: certificateSecret }] },
            allowedRoutes: { namespaces: { from: "All" } },
          },
          // Traefik leads everything at this port to HTTPS, whatever a route says.
          {
            name: gateway.redirectListener,
            port: network.ports.http,
            protocol: "HTTP",
            allowedRoutes: { namespaces: { from: "All" } },
          },
        ],
      },
    },
  },
];

/** Puts the Gateway API and one Gateway into the cluster. */
export async function bootstrapGateway(
  api: KubernetesApi,
  context: PlatformContext,
): Promise<void> {
  const { paths, tools } = context;
  const areNew = await applyDefinitions(api, tools.gatewayApi);
  const files = pair(paths, "ingress");
  const [certificate, key] = await Promise.all([
    readFile(files.certificate, "utf8"),
    readFile(files.key, "utf8"),
  ]);
  for (const { path, object } of gatewayObjects(context, { certificate, key }))
    await served(() => api.apply(path, object), areNew);
}

/** A definition is served some moments after it was taken. */
async function served(apply: () => Promise<void>, areNew: boolean): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    try {
      return await apply();
    } catch (error) {
      if (!areNew || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
