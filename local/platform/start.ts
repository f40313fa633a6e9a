import { chmod, mkdir } from "node:fs/promises";
import type { Report } from "../report.ts";
import { ensureDebianPackages, platformPackages } from "../toolchain/debian.ts";
import { ensureGatewayApi } from "../toolchain/gatewayApi.ts";
import { ensureGoTool } from "../toolchain/goTool.ts";
import type { Profile, ProfilePaths } from "../paths.ts";
import { bootstrapCluster } from "./bootstrap.ts";
import { ensureCertificates } from "./certificates.ts";
import { certificateSpecs } from "./certificateSpecs.ts";
import { createCgroups } from "./cgroups.ts";
import { platformContext, type PlatformContext, type Tools } from "./context.ts";
import { programHashes } from "./fingerprint.ts";
import { findHolder, startHolder, type Holder } from "./holder.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { apiServerUrl, kubernetesApi } from "./kubernetesApi.ts";
import { bootstrapGateway } from "./gateway.ts";
import { createNetwork, networkExists } from "./network.ts";
import { networkPolicyEnforcement } from "./networkPolicyService.ts";
import { ensureService } from "./processes.ts";
import { clusterObjects, runInOrder, servicePlans, serviceStops } from "./services.ts";
import { endNamespaces } from "./stop.ts";
import { kubeContext, platformValues, type PlatformValues } from "./values.ts";

export async function ensureTools(report: Report): Promise<Tools> {
  await ensureDebianPackages(platformPackages, report);
  // One compiles at a time; at once, so that the modules of the others arrive meanwhile.
  const [kubernetes, coredns, traefik, versitygw, gatewayApi] = await Promise.all([
    ensureGoTool("kubernetes", report),
    ensureGoTool("coredns", report),
    ensureGoTool("traefik", report),
    ensureGoTool("versitygw", report),
    ensureGatewayApi(report),
  ]);
  return { kubernetes, coredns, traefik, versitygw, gatewayApi };
}

async function ensureFolders(paths: ProfilePaths): Promise<void> {
  // Others may pass (PostgreSQL runs under an account of its own), but not look around.
  const passable = [paths.state, paths.config, paths.pki].map((folder) => [folder, 0o711] as const);
  const closed = [paths.secrets, paths.logs, paths.pulumi, paths.kubelet, paths.containerd].map(
    (folder) => [folder, 0o700] as const,
  );
  for (const [folder, mode] of [...passable, ...closed]) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, mode);
  }
}

/** The namespaces of a running platform, or new ones. */
async function ensureNamespaces(context: PlatformContext): Promise<Holder> {
  const { network, paths } = context;
  const holder = await findHolder(paths);
  if (holder !== undefined && (await networkExists(network))) return holder;
  // One without the other is what a kill at a bad moment leaves: begin anew.
  await endNamespaces(context.profile);
  await createNetwork(network);
  await createCgroups(context.profile);
  return startHolder(paths, network);
}

/** Starts what does not run, restarts what is not as it should be, adopts the rest. */
export async function startWith(
  profile: Profile,
  tools: Tools,
  report: Report,
): Promise<PlatformValues> {
  const context = platformContext(profile, tools);
  const { network, paths } = context;
  await ensureFolders(paths);
  await ensureCertificates(paths.pki, certificateSpecs(network));
  await writeKubeconfig(paths.kubeconfig, paths.pki, {
    name: kubeContext(profile),
    server: apiServerUrl(network),
    identity: "admin",
  });
  const holder = await ensureNamespaces(context);
  await report.step(`Start the embedded platform (${network.nodeIp})`, async (log) => {
    const services = { paths, holder, hashOf: await programHashes(paths), stops: serviceStops };
    const waiting = new Set(servicePlans.map(({ name }) => name));
    const tell = (): void =>
      log(waiting.size === 0 ? "all services answer" : `waits for ${[...waiting].join(", ")}`);
    await runInOrder<string>([
      ...servicePlans.map(({ name, after, health, define }) => ({
        name,
        after,
        async run() {
          const result = await ensureService(
            await define(context),
            () => health(context),
            services,
          );
          waiting.delete(name);
          tell();
          return result;
        },
      })),
      {
        name: clusterObjects,
        after: ["kube-apiserver"],
        async run() {
          const api = await kubernetesApi(network, paths);
          await Promise.all([bootstrapCluster(api, network), bootstrapGateway(api, context)]);
          return "applied";
        },
      },
    ]);
  });
  return platformValues(profile, await networkPolicyEnforcement(paths));
}

export const startPlatform = async (profile: Profile, report: Report): Promise<PlatformValues> =>
  startWith(profile, await ensureTools(report), report);
