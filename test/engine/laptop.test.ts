import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { afterAll, beforeAll, expect, it } from "vitest";
import { logFirstRun } from "../../local/client/firstRun.ts";
import { removeHosts, updateHosts } from "../../local/hosts.ts";
import { requireNames } from "../../local/laptop/hosts.ts";
import { namespace, serviceFiles } from "../../local/laptop/names.ts";
import {
  applyServices,
  serviceCidrs,
  serviceManifests,
  type Manifest,
} from "../../local/laptop/services.ts";
import { laptopValues } from "../../local/laptop/values.ts";
import { profileNetwork } from "../../local/paths.ts";
import { certificatePath } from "../../local/platform/certificates.ts";
import { sandboxImage } from "../../local/platform/images.ts";
import { silentReport } from "../../local/report.ts";
import { deploy } from "../../local/stack/deploy.ts";
import { readOutputs, writingToken } from "../../local/stack/outputs.ts";
import { ensureGoTool } from "../../local/toolchain/goTool.ts";
import { cluster } from "./support/cluster.ts";
import { engineStack, type Engine } from "./support/engine.ts";
import { destroyUnguarded } from "./support/unguarded.ts";

// `npm run local -- --context … --with-services` without Docker and kind: the test platform plays
// the cluster on the laptop. Its pods are those of services.yaml, but for their images and volumes,
// which no registry here has: they run the node's own programs, as docs/laptop.md says.

const name = "card-checks";
const httpsPort = 30443;
const host = `${name}.mlflow.test`;
/** Always ahead, and within the bounds of the policies. */
const soon = new Date(Date.now() + 60 * 24 * 3600_000).toISOString().slice(0, 10);
let engine: Engine;
let folder: string;
let kubectl: ReturnType<typeof cluster>["kubectl"];
const before = process.env["XDG_STATE_HOME"];

beforeAll(async () => {
  engine = await engineStack("laptop");
  kubectl = cluster(engine).kubectl;
  folder = await mkdtemp(join(tmpdir(), "mlflow-instances-laptop-"));
  process.env["XDG_STATE_HOME"] = join(folder, "state");
  await engine.instance(
    name,
    `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
extraAllowedHosts: ["${host}:${httpsPort}"]
tokens:
  ci: { role: edit, expires: ${soon} }
`,
  );
});

afterAll(async () => {
  await destroyUnguarded(engine.pulumi);
  await removeHosts(engine.platform.profile);
  const all = (await serviceManifests()).map((object) => stringify(object)).join("---\n");
  await kubectl(["delete", "--ignore-not-found", "--wait=false", "--filename", "-"], all);
  if (before === undefined) delete process.env["XDG_STATE_HOME"];
  else process.env["XDG_STATE_HOME"] = before;
  await rm(folder, { recursive: true, force: true });
  await rm(join(engine.instancesFolder, ".."), { recursive: true, force: true });
});

interface PodSpec {
  readonly securityContext: { readonly runAsUser: number };
  readonly containers: {
    image: string;
    env?: object[];
    volumeMounts?: object[];
  }[];
  volumes?: object[];
}

/** The pods with the node's programs in place of the images, and its folders as volumes. */
async function onThisNode(manifests: readonly Manifest[]): Promise<Manifest[]> {
  const passwd = join(folder, "passwd");
  await writeFile(passwd, "postgres:x:999:999::/:/bin/sh\n");
  const [versitygw, traefik] = await Promise.all([
    ensureGoTool("versitygw", silentReport),
    ensureGoTool("traefik", silentReport),
  ]);
  const mounts: readonly (readonly [path: string, from: string])[] = [
    ...["/usr", "/bin", "/lib", "/lib64"].map((path) => [path, path] as const),
    ["/etc/passwd", passwd],
    ["/usr/local/bin", versitygw],
    ["/traefik", join(traefik, "traefik")],
  ];
  for (const { kind, metadata, spec } of manifests) {
    if (kind === "Namespace") {
      // The programs and the data are folders of the node, which `restricted` forbids.
      Object.assign(metadata, { labels: {} });
      continue;
    }
    if (spec?.template === undefined) continue;
    const pod = spec.template.spec as PodSpec;
    const own = "volumeClaimTemplates" in spec ? join(folder, metadata.name) : undefined;
    if (own !== undefined) {
      await mkdir(own);
      await chown(own, pod.securityContext.runAsUser, pod.securityContext.runAsUser);
      delete (spec as { volumeClaimTemplates?: unknown }).volumeClaimTemplates;
    }
    pod.volumes = [
      ...(pod.volumes ?? []),
      ...(own === undefined ? [] : [{ name: "data", hostPath: { path: own } }]),
      ...mounts.map(([, from], index) => ({ name: `node-${index}`, hostPath: { path: from } })),
    ];
    for (const container of pod.containers) {
      container.image = sandboxImage;
      container.env = [
        ...(container.env ?? []),
        { name: "PATH", value: "/usr/lib/postgresql/15/bin:/usr/bin:/bin" },
      ];
      container.volumeMounts = [
        ...mounts.map(([path], index) => ({
          name: `node-${index}`,
          mountPath: path,
          readOnly: true,
        })),
        ...(container.volumeMounts ?? []),
      ];
    }
  }
  return [...manifests];
}

it("puts its services into a cluster, and an instance on them that a client uses", async () => {
  const { kubeContext: context, kubeconfigPath, nodeIp, profile } = engine.platform;
  const network = profileNetwork(profile);
  const { project } = engine.pulumi;
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    // The embedded network has one range, which its node does not name as kind's does.
    if (args[1] === "nodes") return network.podCidr;
    // No image is pulled here.
    const sooner = args.map((arg) => arg.replace(/^--timeout=.*/, "--timeout=60s"));
    const { code, output } = await kubectl(["--context", context, ...sooner], input);
    if (code !== 0) throw new Error(output);
    return output;
  };
  await expect(requireNames(project)).rejects.toThrow(
    `\n127.0.0.1 postgresql.${namespace}.svc object-store.${namespace}.svc ${host}\n`,
  );
  await updateHosts(
    profile,
    [`postgresql.${namespace}.svc`, `object-store.${namespace}.svc`, host].map((each) => ({
      address: nodeIp,
      name: each,
    })),
  );
  await requireNames(project);

  const files = serviceFiles(context);
  await applyServices(must, files, silentReport, await onThisNode(await serviceManifests()));
  const values = await laptopValues(
    { kubeconfig: kubeconfigPath, context, image: engine.image, cidrs: await serviceCidrs(must) },
    files,
    [name],
  );
  // The embedded cluster's DNS server is outside of the cluster; kind's is found by itself.
  const platform = values.environment["platform"] as { network: object };
  Object.assign(platform.network, { dnsCidrs: [`${network.dnsIp}/32`] });
  await deploy(engine.pulumi, values, silentReport);

  const [instance] = await readOutputs(engine.pulumi);
  expect(instance?.trackingUri).toBe(`https://${host}`);
  const caPath = certificatePath(files.pki, "ca");
  const run = await logFirstRun(engine.python, {
    trackingUri: `https://${host}:${httpsPort}`,
    token: writingToken(instance!)!.value,
    caPath,
  });
  expect(run.alias).toBe("champion");
});
